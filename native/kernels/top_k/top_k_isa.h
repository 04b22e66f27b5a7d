#pragma once

#include "kernels/top_k/top_k.h"

namespace sparsetune {

/// What separates the chosen scores from the others.
struct TopKCut {
  float threshold = 0;  ///< the k-th largest score
  size_t n_equal = 0;   ///< how many of the scores equal to it are chosen, from the front
  size_t n_ties = 0;    ///< how many scores are equal to it
};

/// Scores around a bracket [low, high]; NaN counts as inside any.
struct TopKSplit {
  size_t n_above = 0;   ///< scores > high
  size_t n_inside = 0;  ///< scores inside, packed to the front of the room
  bool has_nan = false;
};

/// The k-th largest of values[0..n), digit by digit (radix selection); 1 <= k <= n. With NaN among
/// the values the cut is unspecified.
TopKCut FindCut(const float* values, size_t n, size_t k);

/// The steps of one instruction set.
struct TopKSteps {
  /// Sets bit i of the (n + 63) / 64 words of `marks` where score i is not below `low`, NaN among
  /// them, and clears the others; returns how many are set.
  size_t (*mark)(const float* scores, size_t n, float low, uint64_t* marks);
  /// The marked scores and their indices, ascending, and up to kListedAtOnce of both without
  /// meaning behind them.
  void (*list)(const float* scores, size_t n, const uint64_t* marks, uint32_t* near,
               float* near_scores);
  /// One pass over the scores; the n_inside packed ones keep their order, and up to 16 floats
  /// behind them lose their values.
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
