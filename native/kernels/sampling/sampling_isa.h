#pragma once

#include <cstddef>
#include <cstdint>

#include "core/philox.h"

namespace sparsetune {

/// Fractions made at once, two from each block.
inline constexpr size_t kFractions = 64;

// One version per instruction set: fractions[2 * b] and [2 * b + 1], of 64 bits each, are the words
// 1, 0 and 3, 2 (the high one first) of the Philox block `counter`, b added to its last word.
void DrawFractionsScalar(const PhiloxBlock& counter, uint64_t key, uint64_t* fractions);
void DrawFractionsAvx2(const PhiloxBlock& counter, uint64_t key, uint64_t* fractions);
void DrawFractionsAvx512(const PhiloxBlock& counter, uint64_t key, uint64_t* fractions);
void DrawFractionsNeon(const PhiloxBlock& counter, uint64_t key, uint64_t* fractions);

}  // namespace sparsetune
