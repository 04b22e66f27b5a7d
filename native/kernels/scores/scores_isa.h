#pragma once

#include "kernels/scores/scores.h"

namespace sparsetune {

/// Floats of the queries that the vector versions lay out at a time, on the stack. A query longer
/// than that takes the scalar version.
constexpr size_t kPanelFloats = 8192;

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
