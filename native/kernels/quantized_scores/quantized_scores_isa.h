#pragma once

#include "kernels/quantized_scores/quantized_scores.h"

namespace sparsetune {

// One version per instruction set; arguments as QuantizedScores, already checked.
void QuantizedScoresScalar(const QuantizedQueries& queries, const QuantizedKeys& keys,
                           float* scores, size_t stride);
void QuantizedScoresAvx2(const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                         size_t stride);
void QuantizedScoresAvx512(const QuantizedQueries& queries, const QuantizedKeys& keys,
                           float* scores, size_t stride);
void QuantizedScoresNeon(const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                         size_t stride);
/// AVX-512 with VNNI, NEON with FEAT_DotProd; only where HasByteDots().
void QuantizedScoresVnni(const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                         size_t stride);
void QuantizedScoresNeonDots(const QuantizedQueries& queries, const QuantizedKeys& keys,
                             float* scores, size_t stride);

}  // namespace sparsetune
