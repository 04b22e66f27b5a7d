#include "kernels/sampling/budget.h"

#include <algorithm>
#include <cmath>

namespace sparsetune {

size_t SampleBudget(const BudgetInput& input) {
  const auto n = static_cast<double>(input.population);
  const double error = input.deviation / std::sqrt(static_cast<double>(input.n_base));
  const double denominator = input.certain + n * std::max(input.mean - error, 0.0);
  const double spread = input.quantile * input.deviation * n;
  if (!(spread > 0)) return 1;
  const double ratio = input.epsilon * denominator / spread;
  const double wanted = std::ceil(1 / (1 / n + ratio * ratio));
  return static_cast<size_t>(std::clamp(wanted, 1.0, n));
}

}  // namespace sparsetune
