#pragma once

#include "kernels/pages/pages.h"

namespace sparsetune {

// One version per instruction set; arguments as PageScores, already checked.
void PageScoresScalar(const float* const* queries, size_t n_queries, const PageBounds& pages,
                      float* scores, size_t stride);
void PageScoresAvx2(const float* const* queries, size_t n_queries, const PageBounds& pages,
                    float* scores, size_t stride);
void PageScoresAvx512(const float* const* queries, size_t n_queries, const PageBounds& pages,
                      float* scores, size_t stride);
void PageScoresNeon(const float* const* queries, size_t n_queries, const PageBounds& pages,
                    float* scores, size_t stride);

}  // namespace sparsetune
