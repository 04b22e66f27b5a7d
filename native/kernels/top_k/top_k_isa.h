#pragma once

#include "kernels/top_k/top_k.h"

namespace sparsetune {

/// What separates the chosen scores from the others.
struct TopKCut {
  float threshold = 0;  ///< the k-th largest score
  size_t n_equal = 0;   ///< how many of the scores equal to it are chosen, from the front
};

/// Scores around a bracket [low, high].
struct TopKSplit {
  size_t n_above = 0;   ///< scores > high
  size_t n_inside = 0;  ///< scores inside, packed to the front of the room
  bool has_nan = false;
};

/// The k-th largest of values[0..n) without NaN, digit by digit (radix selection); 1 <= k <= n.
TopKCut FindCut(const float* values, size_t n, size_t k);

/// The steps of one instruction set.
struct TopKSteps {
  /// One pass over the scores; the n_inside packed ones keep their order.
  TopKSplit (*split)(const float* scores, size_t n, float low, float high, float* room);
  /// As FindCut; reorders `values`, which have 16 spare floats behind. With NaN among the values
  /// the cut is unspecified.
  TopKCut (*select)(float* values, size_t n, size_t k);
  /// The indices above the cut, ascending; `n_chosen` of them.
  void (*collect)(const float* scores, size_t n, const TopKCut& cut, size_t n_chosen,
                  uint32_t* indices);
};

TopKSteps TopKStepsAvx2();
TopKSteps TopKStepsAvx512();
TopKSteps TopKStepsNeon();

}  // namespace sparsetune
