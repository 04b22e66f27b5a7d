#pragma once

#include <cstddef>

namespace sparsetune {

/// What is known when a second sample is planned.
struct BudgetInput {
  double epsilon = 0;     ///< relative error of the denominator that is allowed, (0, 1)
  double quantile = 0;    ///< two-sided quantile of the error, above 0
  double certain = 0;     ///< sum of the weights that are known, the first sample's included
  double mean = 0;        ///< mean weight of the first sample
  double deviation = 0;   ///< its standard deviation
  size_t n_base = 0;      ///< weights in the first sample, at least 2
  size_t population = 0;  ///< weights that are not known, at least 1
};

/// Numbers to draw without replacement from the unknown weights so that, for normal errors,
/// |estimate - denominator| <= epsilon * denominator but with the probability that `quantile`
/// leaves.
///
/// The estimate is certain + population * (mean of the n drawn); its standard error is
/// population * deviation * sqrt(1/n - 1/population). The denominator is taken one standard error
/// of the first sample too low, since a small one may flatter it.
///
/// @return 1..population
size_t SampleBudget(const BudgetInput& input);

}  // namespace sparsetune
