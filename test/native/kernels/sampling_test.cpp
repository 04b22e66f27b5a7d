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

/// Draw `i`: the high word of a 64-bit fraction times the bound; two draws of a Philox block.
uint32_t Draw(uint32_t i, uint32_t bound) {
  const uint32_t stream = static_cast<uint32_t>(kKey.domain) << 16 | kKey.layer;
  const auto words = Philox({stream, kKey.q_head, kKey.position, i / 2}, kKey.seed);
  const uint64_t low = static_cast<uint64_t>(words[i % 2 * 2]) * bound >> 32;
  return static_cast<uint32_t>((static_cast<uint64_t>(words[i % 2 * 2 + 1]) * bound + low) >> 32);
}

/// Floyd's method on a set of flags.
std::vector<bool> Reference(uint32_t population, uint32_t n) {
  std::vector<bool> taken(population);
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t last = population - n + i;
    const uint32_t number = Draw(i, last + 1);
    taken[taken[number] ? last : number] = true;
  }
  return taken;
}

void CheckSample(uint32_t population, uint32_t n, Isa isa) {
  Fenced<uint64_t> bits((population + 63) / 64);
  SampleWithoutReplacement(kKey, population, n, isa, bits.data());
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

void TestSampling(Isa isa) {
  Test(Text("a sample by ", IsaName(isa), " is that of Floyd's method"), [&] {
    for (const uint32_t population : {1, 2, 63, 64, 65, 1000}) {
      for (const uint32_t n : {0u, 1u, population / 3, population - 1, population}) {
        CheckSample(population, n, isa);
      }
    }
  });
}

void TestBudgets() {
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
