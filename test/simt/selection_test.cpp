// Top-k, sets of keys and random draws on the emulated GPU beside those of the CPU.
#include "cuda/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cuda/sampling.h"
#include "cuda/top_k.h"
#include "kernels/sampling/budget.h"
#include "kernels/sampling/sampling.h"
#include "kernels/top_k/top_k.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::DrawDomain;
using sparsetune::Isa;
using sparsetune::Status;
using sparsetune::testing::Expect;
using sparsetune::testing::kSelectCases;
using sparsetune::testing::Normals;
using sparsetune::testing::SelectCase;
using sparsetune::testing::Text;
using sparsetune::testing::Uniform;
namespace cuda = sparsetune::cuda;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

void CheckTopK(const std::vector<float>& scores, size_t n, size_t stride, size_t k) {
  constexpr size_t kRows = 2;
  const DeviceArray<float> device_scores(scores, "scores");
  const size_t n_kept = std::min(k, n);
  DeviceArray<uint32_t> indices(std::max<size_t>(1, kRows * n_kept), "indices");
  DeviceArray<uint32_t> has_nan(1, "has_nan");
  has_nan.Set({0});
  const Status status = cuda::TopK({device_scores.data(), kRows, n, stride}, k, indices.data(),
                                   has_nan.data(), nullptr);
  Expect(status == Status::kOk && has_nan.Get()[0] == 0, "status");
  if (n_kept == 0) return;
  const std::vector<uint32_t> actual = indices.Get();
  sparsetune::TopKRoom room;
  for (size_t row = 0; row < kRows; ++row) {
    std::vector<uint32_t> expected(n_kept);
    sparsetune::TopK(scores.data() + row * stride, n, k, Isa::kScalar, &room, expected.data());
    const bool is_same = std::equal(expected.begin(), expected.end(),
                                    actual.begin() + static_cast<ptrdiff_t>(row * n_kept));
    Expect(is_same, Text("n=", n, " k=", k, " row=", row));
  }
}

void TestTopKOf(const SelectCase& input) {
  // Those of the CPU's table, and around the scores that a block takes at once.
  for (const size_t n : {1, 3, 4, 5, 8, 33, 1000, 4095, 4097}) {
    const size_t stride = (n + 7) / 4 * 4;
    std::vector<float> scores = Normals(2 * stride, 1);
    for (size_t i = 0; i < scores.size(); ++i) scores[i] = input.change(scores[i], i);
    if (n > 5) {
      CheckTopK(scores, n, stride, n / 50 + 2);
      continue;
    }
    for (const size_t k : {size_t{0}, size_t{1}, n / 2, n - 1, n, n + 1}) {
      CheckTopK(scores, n, stride, k);
    }
  }
}

void TestNan() {
  for (const size_t at : {0, 16, 4999}) {
    std::vector<float> scores = Normals(5000, 6);
    scores[at] = std::numeric_limits<float>::quiet_NaN();
    const DeviceArray<float> device_scores(scores, "scores");
    DeviceArray<uint32_t> indices(1, "indices");
    DeviceArray<uint32_t> has_nan(1, "has_nan");
    has_nan.Set({0});
    cuda::TopK({device_scores.data(), 1, 5000, 5000}, 1, indices.data(), has_nan.data(), nullptr);
    Expect(has_nan.Get()[0] == 1, Text("at=", at));
  }
}

/// Random sets: each key with probability `share`.
std::vector<uint32_t> RandomSets(size_t n_heads, size_t stride, size_t n_kv, double share) {
  Uniform uniform(5);
  std::vector<uint32_t> words(n_heads * stride);
  for (size_t head = 0; head < n_heads; ++head) {
    for (size_t key = 0; key < n_kv; ++key) {
      if (uniform.Next() < share) words[head * stride + key / 32] |= 1u << key % 32;
    }
  }
  return words;
}

bool Holds(const std::vector<uint32_t>& words, size_t stride, size_t head, size_t key) {
  return (words[head * stride + key / 32] >> key % 32 & 1) != 0;
}

void CheckLists(size_t n_kv, size_t group_size, double share) {
  const size_t n_heads = 2 * group_size;
  const size_t stride = (n_kv + 31) / 32;
  const std::vector<uint32_t> words = RandomSets(n_heads, stride, n_kv, share);
  DeviceArray<uint32_t> sets(words.size(), "sets");
  sets.Set(words);
  const cuda::KeySets device_sets = {sets.data(), n_heads, stride};
  DeviceArray<uint32_t> scratch(cuda::SetScratch(2, stride), "scratch");
  DeviceArray<uint32_t> indices(2 * n_kv, "indices");
  DeviceArray<uint32_t> counts(2, "counts");
  Expect(cuda::ListKeys(device_sets, group_size, scratch.data(), indices.data(), n_kv,
                        counts.data(), nullptr) == Status::kOk,
         "status of lists");
  const DeviceArray<float> sampled(Normals(n_heads, 3), "sampled");
  DeviceArray<float> weights(n_heads * n_kv, "weights");
  cuda::KeySets drawn = device_sets;
  cuda::KeySets certain = {nullptr, n_heads, stride};
  const cuda::KeyLists lists = {indices.data(), counts.data(), 2, n_kv, nullptr};
  Expect(cuda::SpreadWeights(lists, certain, drawn, sampled.data(), weights.data(), nullptr) ==
             Status::kOk,
         "status of weights");
  const std::vector<uint32_t> actual = indices.Get();
  const std::vector<uint32_t> actual_counts = counts.Get();
  const std::vector<float> actual_weights = weights.Get();
  for (size_t list = 0; list < 2; ++list) {
    size_t n = 0;
    for (size_t key = 0; key < n_kv; ++key) {
      bool is_listed = false;
      for (size_t g = 0; g < group_size; ++g) {
        is_listed = is_listed || Holds(words, stride, list * group_size + g, key);
      }
      if (!is_listed) continue;
      Expect(actual[list * n_kv + n] == key, Text("n_kv=", n_kv, " list=", list, " at ", n));
      for (size_t head = list * group_size; head < (list + 1) * group_size; ++head) {
        const float expected = Holds(words, stride, head, key) ? sampled.Get()[head] : -kInfinity;
        Expect(actual_weights[head * n_kv + n] == expected, Text("weight of head ", head));
      }
      ++n;
    }
    Expect(actual_counts[list] == n, Text("n_kv=", n_kv, " count ", actual_counts[list]));
  }
}

void TestAddKeys() {
  const std::vector<uint32_t> flat = {0, 5, 31, 32, 90, 0, 1, 2, 0, 0};
  const DeviceArray<uint32_t> indices(flat, "indices");
  const DeviceArray<uint32_t> counts(std::vector<uint32_t>{5, 3}, "counts");
  DeviceArray<uint32_t> sets(8, "sets");
  sets.Set(std::vector<uint32_t>(8));
  const cuda::KeyLists lists = {indices.data(), counts.data(), 2, 5, nullptr};
  cuda::AddKeys(lists, 5, 3, {sets.data(), 2, 4}, nullptr);
  const std::vector<uint32_t> expected = {
      1u << 3 | 1u << 8, 1u << 2 | 1u << 3, 1u << 29, 0, 7u << 3, 0, 0, 0};
  Expect(sets.Get() == expected, "sets");
}

/// DrawKeys of the CPU's maskers.
std::vector<bool> DrawOnCpu(const sparsetune::DrawKey& key, const std::vector<uint32_t>& free,
                            size_t n, size_t n_kv) {
  std::vector<uint64_t> bits((free.size() + 63) / 64);
  sparsetune::SampleWithoutReplacement(key, static_cast<uint32_t>(free.size()),
                                       static_cast<uint32_t>(n), Isa::kScalar, bits.data());
  std::vector<bool> drawn(n_kv);
  for (size_t i = 0; i < free.size(); ++i) {
    if ((bits[i / 64] >> i % 64 & 1) != 0) drawn[free[i]] = true;
  }
  return drawn;
}

struct DrawCase {
  size_t n_kv;
  size_t begin;
  size_t end;
  double kept;  ///< share of the keys
  uint32_t n;   ///< draws of a head; 0: by `rate`
  double rate;
};

void CheckDraws(const DrawCase& given) {
  constexpr size_t kHeads = 3;
  const size_t stride = (given.n_kv + 31) / 32;
  const std::vector<uint32_t> words = RandomSets(kHeads, stride, given.n_kv, given.kept);
  DeviceArray<uint32_t> kept(words.size(), "kept");
  kept.Set(words);
  DeviceArray<uint32_t> drawn(words.size(), "drawn");
  DeviceArray<uint32_t> scratch(words.size(), "scratch");
  DeviceArray<float> log_weight(kHeads, "log weight");
  const cuda::Draws draws = {(uint64_t{1} << 40) + 7, DrawDomain::kRandomSample, 3, 5, 99};
  const Status status =
      cuda::DrawKeys(draws, {nullptr, given.rate, given.n},
                     {{kept.data(), kHeads, stride}, {}, given.begin, given.end},
                     {drawn.data(), kHeads, stride}, scratch.data(), log_weight.data(), nullptr);
  Expect(status == Status::kOk, "status");
  const std::vector<uint32_t> actual = drawn.Get();
  for (size_t head = 0; head < kHeads; ++head) {
    std::vector<uint32_t> free;
    for (size_t key = given.begin; key < given.end; ++key) {
      if (!Holds(words, stride, head, key)) free.push_back(static_cast<uint32_t>(key));
    }
    size_t n = given.n;
    if (given.rate > 0) n = static_cast<size_t>(given.rate * static_cast<double>(free.size()));
    n = std::clamp<size_t>(n, given.rate > 0 ? 1 : 0, free.size());
    const sparsetune::DrawKey key = {draws.seed, draws.domain, draws.layer,
                                     static_cast<uint32_t>(5 + head), draws.position};
    const std::vector<bool> expected = DrawOnCpu(key, free, n, given.n_kv);
    for (size_t i = 0; i < 32 * stride; ++i) {
      Expect(Holds(actual, stride, head, i) == (i < given.n_kv && expected[i]),
             Text("n_kv=", given.n_kv, " n=", n, " head=", head, " key=", i));
    }
    const double inverse = static_cast<double>(free.size()) / static_cast<double>(n);
    if (n > 0)
      Expect(log_weight.Get()[head] == static_cast<float>(std::log(inverse)), "log weight");
  }
}

constexpr DrawCase kDrawCases[] = {
    {1, 0, 1, 0, 1, 0},           {64, 0, 64, 0, 10, 0},        {65, 3, 60, 0.3, 20, 0},
    {1000, 0, 1000, 0.1, 1, 0},   {1000, 17, 990, 0.1, 300, 0}, {1000, 17, 990, 0.2, 2000, 0},
    {1000, 5, 1000, 0.5, 0, 0.1}, {700, 0, 700, 0, 699, 0},     {3000, 100, 2900, 0.02, 0, 0.6},
    {100, 50, 50, 0, 3, 0},
};

struct ExpSum {
  double certain = 0;
  double mean = 0;
  double deviation = 0;
};

/// As SecondSample of the CPU's adaptive_sampling.
uint32_t BudgetOnCpu(const cuda::AdaptiveInput& input, const std::vector<double>& known,
                     const std::vector<double>& base, uint32_t n_unknown) {
  double largest = -kInfinity;
  for (const double exponent : known) largest = std::max(largest, exponent);
  for (const double exponent : base) largest = std::max(largest, exponent);
  ExpSum sum;
  for (const double exponent : known) sum.certain += std::exp(exponent - largest);
  const auto n = static_cast<double>(base.size());
  for (const double exponent : base) {
    sum.certain += std::exp(exponent - largest);
    sum.mean += std::exp(exponent - largest) / n;
  }
  for (const double exponent : base) {
    const double rest = std::exp(exponent - largest) - sum.mean;
    sum.deviation += rest * rest;
  }
  sum.deviation = std::sqrt(sum.deviation / (n - 1));
  return static_cast<uint32_t>(
      sparsetune::SampleBudget({input.epsilon, input.quantile, sum.certain, sum.mean, sum.deviation,
                                base.size(), n_unknown}));
}

/// `n_kept` keys of the first head, fewer of the others; without any, null pointers.
void CheckBudgets(uint32_t n_base, size_t n_run, uint32_t n_kept, double epsilon) {
  constexpr size_t kHeads = 3;
  const std::vector<float> run = Normals(kHeads * (n_run + 1), 1);
  const std::vector<float> kept = Normals(kHeads * (n_kept + 2), 2);
  const std::vector<float> weights = Normals(kHeads * (n_kept + 2), 3);
  const std::vector<float> base = Normals(kHeads * (n_base + 3), 4);
  const DeviceArray<float> device_run(run, "run");
  const DeviceArray<float> device_kept(kept, "kept");
  const DeviceArray<float> device_weights(weights, "weights");
  const DeviceArray<float> device_base(base, "base");
  const std::vector<uint32_t> n_of_heads = {n_kept, n_kept / 2, n_kept / 50};
  const DeviceArray<uint32_t> counts(n_of_heads, "counts");
  cuda::AdaptiveInput input;
  input.epsilon = epsilon;
  input.quantile = 2.1;
  input.scale = 0.7f;
  input.run_scores = device_run.data();
  input.n_run = n_run;
  input.run_stride = n_run + 1;
  input.kept_scores = device_kept.data();
  input.kept_weights = n_kept > 0 ? device_weights.data() : nullptr;
  input.kept_counts = n_kept > 0 ? counts.data() : nullptr;
  input.kept_stride = n_kept + 2;
  input.base_scores = device_base.data();
  input.n_base = n_base;
  input.base_stride = n_base + 3;
  input.n_range = 5000;
  DeviceArray<uint32_t> budgets(kHeads, "budgets");
  Expect(cuda::AdaptiveBudgets(input, kHeads, budgets.data(), nullptr) == Status::kOk, "status");
  for (size_t head = 0; head < kHeads; ++head) {
    const double scale = input.scale;
    std::vector<double> known;
    std::vector<double> first;
    for (size_t i = 0; i < n_run; ++i) known.push_back(scale * run[head * (n_run + 1) + i]);
    for (size_t i = 0; i < n_of_heads[head]; ++i) {
      const size_t at = head * (n_kept + 2) + i;
      known.push_back(scale * kept[at] + weights[at]);
    }
    for (size_t i = 0; i < n_base; ++i) first.push_back(scale * base[head * (n_base + 3) + i]);
    const uint32_t expected = BudgetOnCpu(input, known, first, 5000 - n_of_heads[head] - n_base);
    Expect(budgets.Get()[head] == expected,
           Text("n_base=", n_base, " head=", head, ": ", budgets.Get()[head], " for ", expected));
  }
}

}  // namespace

void TestSelection() {
  for (const SelectCase& input : kSelectCases) {
    TestKernels(Text("top_k is the CPU's on ", input.title), [&] { TestTopKOf(input); });
  }
  TestKernels("top_k tells a NaN wherever it stands", TestNan);
  TestKernels("sets become ascending lists with each head's weights", [] {
    for (const size_t n_kv : {1, 31, 32, 33, 1000}) CheckLists(n_kv, 1 + n_kv % 8, 0.2);
    for (const size_t n_kv : {4096, 4097, 9000}) CheckLists(n_kv, 2, 0.05);
    CheckLists(100, 8, 0.1);
    CheckLists(500, 1, 0);
    CheckLists(500, 1, 2);
  });
  TestKernels("listed keys are added to sets", TestAddKeys);
  for (const DrawCase& given : kDrawCases) {
    TestKernels(Text("draws are the CPU's at n_kv=", given.n_kv, " n=", given.n,
                     " rate=", given.rate, " kept=", given.kept),
                [&] { CheckDraws(given); });
  }
  TestKernels("adaptive budgets are the CPU's", [] {
    CheckBudgets(2, 1, 0, 0.1);
    CheckBudgets(16, 40, 0, 0.05);
    CheckBudgets(257, 0, 255, 0.05);
    CheckBudgets(100, 0, 30, 0.1);
    CheckBudgets(300, 500, 700, 0.02);
  });
}

}  // namespace simt
