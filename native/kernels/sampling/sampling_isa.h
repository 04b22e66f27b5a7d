#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/sampling/sampling.h"

namespace sparsetune {

// One version per instruction set: kFractions of them, fractions[2 * b] and [2 * b + 1], of 64 bits
// each, are the words 1, 0 and 3, 2 (the high one first) of the Philox block of `counter`, 4 words,
// b added to the last.
void DrawFractionsScalar(const uint32_t* counter, uint64_t key, uint64_t* fractions);
void DrawFractionsAvx2(const uint32_t* counter, uint64_t key, uint64_t* fractions);
void DrawFractionsAvx512(const uint32_t* counter, uint64_t key, uint64_t* fractions);
void DrawFractionsNeon(const uint32_t* counter, uint64_t key, uint64_t* fractions);

}  // namespace sparsetune
