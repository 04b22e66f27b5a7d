#pragma once

#include "kernels/signatures/signatures.h"

namespace sparsetune {

// One version per instruction set; arguments as SignatureScores, already checked. Whoever has AVX2
// has POPCNT, which is all that the faster version needs.
void SignatureScoresScalar(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                           float* scores);
void SignatureScoresPopcnt(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                           float* scores);

}  // namespace sparsetune
