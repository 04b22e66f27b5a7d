#include "kernels/sampling/sampling.h"

#include <algorithm>
#include <cmath>

#include "inputs.h"
#include "kernels/sampling/budget.h"
#include "kernels/sampling/quantile.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

constexpr DrawKey kKey = {(uint64_t{1} << 40) + 7, DrawDomain::kRandomSample, 3, 5, 99};

/// Floyd's method on a set of flags.
std::vector<bool> Reference(uint32_t population, uint32_t n) {
  std::vector<bool> taken(population);
  DrawSequence draws(kKey);
  for (uint32_t last = population - n; last < population; ++last) {
    const uint32_t number = draws.Below(last + 1);
    taken[taken[number] ? last : number] = true;
  }
  return taken;
}

void CheckSample(uint32_t population, uint32_t n) {
  Fenced<uint64_t> bits((population + 63) / 64);
  SampleWithoutReplacement(kKey, population, n, bits.data());
  const std::vector<bool> expected = Reference(population, n);
  size_t size = 0;
  for (size_t i = 0; i < bits.size() * 64; ++i) {
    const bool is_taken = (bits[i / 64] >> i % 64 & 1) != 0;
    size += is_taken ? 1 : 0;
    Expect(is_taken == (i < population && expected[i]), Text("population=", population, " i=", i));
  }
  Expect(size == n, Text("population=", population, " n=", n));
}

bool IsNear(double actual, double tabulated) {
  return std::abs(actual - tabulated) <= 1e-10 * std::max(1.0, std::abs(tabulated));
}

}  // namespace

void TestSampling() {
  Test("a sample is that of Floyd's method", [] {
    for (const uint32_t population : {1, 2, 63, 64, 65, 1000}) {
      for (const uint32_t n : {0u, 1u, population / 3, population - 1, population}) {
        CheckSample(population, n);
      }
    }
  });
  Test("quantiles are those of the tables", [] {
    Expect(IsNear(NormalQuantile(0.5), 0), "normal 0.5");
    Expect(IsNear(NormalQuantile(0.975), 1.95996398454), "normal 0.975");
    Expect(IsNear(NormalQuantile(0.999), 3.090232306167), "normal 0.999");
    Expect(IsNear(StudentQuantile(0.975, 1), 12.706204736432), "student 0.975 of 1");
    Expect(IsNear(StudentQuantile(0.9, 30), 1.310415025391), "student 0.9 of 30");
  });
  Test("a budget allows the error that was asked for, and no number less", [] {
    const BudgetInput input = {0.05, 1.96, 10, 1, 2, 100, 1000};
    const auto error = [&](double n) { return 1000 * 2 * std::sqrt(1 / n - 1.0 / 1000); };
    const double allowed = input.epsilon * (10 + 1000 * (1 - 2.0 / 10)) / input.quantile;
    const auto n = static_cast<double>(SampleBudget(input));
    Expect(error(n) <= allowed && error(n - 1) > allowed, Text("n=", n));
  });
}

}  // namespace sparsetune::testing
