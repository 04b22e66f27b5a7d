#pragma once

#include "kernels/top_k/top_k.h"

namespace sparsetune {

/// What separates the chosen scores from the others.
struct TopKCut {
  float threshold = 0;  ///< the k-th largest score
  size_t n_equal = 0;   ///< how many of the scores equal to it are chosen, from the front
};

// Both passes over the scores that depend on the instruction set.
// AnyNan: true where a score is NaN. Collect: the indices above the cut, ascending.
bool AnyNanScalar(const float* scores, size_t n);
void CollectScalar(const float* scores, size_t n, const TopKCut& cut, uint32_t* indices);
bool AnyNanAvx2(const float* scores, size_t n);
void CollectAvx2(const float* scores, size_t n, const TopKCut& cut, uint32_t* indices);
bool AnyNanAvx512(const float* scores, size_t n);
void CollectAvx512(const float* scores, size_t n, const TopKCut& cut, uint32_t* indices);

}  // namespace sparsetune
