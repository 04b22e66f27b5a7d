#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/lsh/lsh.h"
#include "kernels/lsh/lsh_isa.h"

namespace sparsetune {
namespace {

/// P(at least 2 of n) by the positive terms of the binomial tail: no cancellation for small x.
double LogTailSeries(double x, double n) {
  const double ratio = x / (1 - x);
  double term = 1;
  double sum = 1;
  for (double m = 3; m <= n && term > sum * 1e-17; ++m) {
    term *= (n - m + 1) / m * ratio;
    sum += term;
  }
  return std::log(n * (n - 1) / 2) + 2 * std::log(x) + (n - 2) * std::log1p(-x) + std::log(sum);
}

}  // namespace

double LshLogTail(double x, uint32_t lsh_l, uint32_t min_matches) {
  if (min_matches > lsh_l) return -std::numeric_limits<double>::infinity();
  if (x >= 1) return 0;
  const double n = lsh_l;
  const double log_none = n * std::log1p(-x);
  if (min_matches == 1) return std::log(-std::expm1(log_none));
  if (n * x < 1) return LogTailSeries(x, n);
  // 1 - none - one: at least 0.26 here unless L = 2, so nothing cancels.
  if (lsh_l == 2) return 2 * std::log(x);
  return std::log1p(-std::exp(log_none) * (1 + n * x / (1 - x)));
}

double LshLogProbability(double cosine, const LshParams& params, uint32_t min_matches) {
  constexpr double kPi = 3.141592653589793;
  const double u = std::max(1 - std::acos(std::clamp(cosine, -1.0, 1.0)) / kPi, 0x1p-24);
  double x = 1;
  for (uint32_t i = 0; i < params.lsh_k; ++i) x *= u;
  return LshLogTail(x, params.lsh_l, min_matches);
}

}  // namespace sparsetune
