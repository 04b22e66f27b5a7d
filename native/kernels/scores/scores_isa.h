#pragma once

#include "kernels/scores/scores.h"

namespace sparsetune {

/// Longest queries that a panel of the vector versions holds; longer ones take the scalar version.
constexpr size_t kMaxPanelDim = 8192;

// One version per instruction set; arguments as Scores, already checked.
void ScoresScalar(const float* const* queries, size_t n_queries, const ScoreRows& rows,
                  float* scores, size_t stride);
void ScoresAvx2(const float* const* queries, size_t n_queries, const ScoreRows& rows, float* scores,
                size_t stride);
void ScoresAvx512(const float* const* queries, size_t n_queries, const ScoreRows& rows,
                  float* scores, size_t stride);
void ScoresNeon(const float* const* queries, size_t n_queries, const ScoreRows& rows, float* scores,
                size_t stride);

}  // namespace sparsetune
