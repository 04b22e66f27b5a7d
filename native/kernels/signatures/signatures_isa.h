#pragma once

#include "kernels/signatures/signatures.h"

namespace sparsetune {

// One version per instruction set; arguments as SignatureScores, already checked. Those of x86 are
// the same: POPCNT is all they need.
void SignatureScoresScalar(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                           float* scores);
void SignatureScoresAvx2(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                         float* scores);
void SignatureScoresAvx512(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                           float* scores);
void SignatureScoresNeon(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                         float* scores);

}  // namespace sparsetune
