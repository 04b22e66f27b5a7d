#include "kernels/sampling/quantile.h"

#include <cmath>

namespace sparsetune {
namespace {

constexpr double kRootTwo = 1.4142135623730951;
constexpr double kRootTwoPi = 2.5066282746310002;

/// ln(gamma(x)) for x > 0.
double LogGamma(double x) {
#if defined(__linux__)
  // lgamma would write the sign into a global of the C library, from every thread.
  int sign = 0;
  return lgamma_r(x, &sign);
#else
  return std::lgamma(x);
#endif
}

/// The continued fraction of the incomplete beta function I_x(a, b), by Lentz's method.
double BetaFraction(double x, double a, double b) {
  double c = 1;
  double d = 1 / (1 - (a + b) * x / (a + 1));
  double product = d;
  for (int m = 1; m <= 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    product *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    product *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return product;
}

/// P(X > x) of Student's t for x >= 0: half of I_y(dof / 2, 1 / 2) with y = dof / (dof + x^2).
double StudentTail(double x, double dof) {
  const double a = dof / 2;
  const double b = 0.5;
  const double y = dof / (dof + x * x);
  const double front =
      std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(y) + b * std::log1p(-y));
  // The fraction converges fast only on its own side of the mean.
  if (y < (a + 1) / (a + b + 2)) return 0.5 * front * BetaFraction(y, a, b) / a;
  return 0.5 * (1 - front * BetaFraction(1 - y, b, a) / b);
}

}  // namespace

double NormalQuantile(double p) {
  if (p > 0.5) return -NormalQuantile(1 - p);
  // Abramowitz and Stegun 26.2.23, then Halley's method on the tail.
  const double t = std::sqrt(-2 * std::log(p));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 3; ++i) {
    const double error = 0.5 * std::erfc(-x / kRootTwo) - p;
    const double step = error * kRootTwoPi * std::exp(x * x / 2);
    x -= step / (1 + x * step / 2);
  }
  return x;
}

double StudentQuantile(double p, double dof) {
  const double tail = 1 - p;
  if (tail >= 0.5) return 0;
  double low = 0;
  double high = 1;
  while (StudentTail(high, dof) > tail) high *= 2;
  for (int i = 0; i < 60 && high - low > 1e-11 * high; ++i) {
    const double middle = (low + high) / 2;
    (StudentTail(middle, dof) > tail ? low : high) = middle;
  }
  return high;
}

}  // namespace sparsetune
