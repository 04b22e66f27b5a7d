#include "kernels/sampling/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/philox.h"
#include "kernels/sampling/quantile.h"
#include "maskers/hub/hub.h"

namespace sparsetune {
namespace {

/// Draws with replacement from [begin, begin + range), or the next of those that were given.
class Draws {
 public:
  Draws(const HubInput& input, uint64_t seed, DrawDomain domain)
      : input_(input), seed_(seed), domain_(domain) {}

  std::vector<size_t> Next(size_t row, size_t n, size_t begin, size_t range,
                           const uint32_t* given) {
    std::vector<size_t> draws(n);
    const auto position = static_cast<uint32_t>(input_.n_kv - input_.n_q + row % input_.n_q);
    DrawSequence sequence(
        {seed_, domain_, input_.layer, static_cast<uint32_t>(row / input_.n_q), position},
        BestIsa());
    for (size_t& draw : draws) {
      draw =
          given == nullptr ? begin + sequence.Below(static_cast<uint32_t>(range)) : given[used_++];
    }
    return draws;
  }

 private:
  const HubInput& input_;
  uint64_t seed_;
  DrawDomain domain_;
  size_t used_ = 0;
};

bool AreKeys(const uint32_t* draws, size_t n, size_t n_kv) {
  return draws == nullptr ||
         std::all_of(draws, draws + n, [n_kv](uint32_t draw) { return draw < n_kv; });
}

void Keep(const std::vector<size_t>& draws, float probability, float* values) {
  std::vector<size_t> keys = draws;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (const size_t key : keys) values[key] = std::min(values[key] + probability, 1.0f);
}

/// The keys that adaptive sampling draws from, and how many of them first.
struct Range {
  size_t begin = 0;
  size_t n = 0;
  size_t n_base = 0;
};

/// exp(score - largest score) of all keys of a row.
std::vector<float> Weights(const HubInput& input, size_t row) {
  std::vector<float> weights(input.n_kv);
  float max = -std::numeric_limits<float>::infinity();
  for (size_t j = 0; j < input.n_kv; ++j) {
    weights[j] = input.scale * HubDot(input.query(row), input.key(row, j), input.head_dim) +
                 input.added(row, j);
    max = std::max(max, weights[j]);
  }
  for (float& weight : weights) weight = std::exp(weight - max);
  return weights;
}

/// What earlier maskers keep of the denominator; all of it where there were none.
double StaticSum(const std::vector<float>& weights, const float* values, bool is_empty) {
  double sum = 0;
  for (size_t j = 0; j < weights.size(); ++j) {
    if (is_empty) {
      sum += weights[j];
    } else if (values[j] != 0) {
      sum += weights[j] / (values[j] + 1e-6f);
    }
  }
  return sum;
}

double StandardDeviation(const std::vector<float>& weights, const std::vector<size_t>& draws) {
  const auto n = static_cast<double>(draws.size());
  double mean = 0;
  for (const size_t j : draws) mean += weights[j] / n;
  double squares = 0;
  for (const size_t j : draws) squares += (weights[j] - mean) * (weights[j] - mean);
  return std::max(std::sqrt(squares / (n - 1)), 1e-8);
}

size_t Budget(const MaskerConfig& masker, const Range& range, const std::vector<float>& weights,
              const std::vector<size_t>& base, double static_sum) {
  const auto n = static_cast<double>(range.n);
  std::vector<float> kept(weights.size(), 0.0f);
  const float rate = static_cast<float>(static_cast<double>(range.n_base) / n) + 1e-6f;
  for (const size_t j : base) kept[j] = weights[j] / rate;
  double estimate = static_sum;
  for (const float weight : kept) estimate += weight;
  const double allowed = std::max(masker.epsilon * estimate, 1e-8);
  const double root =
      NormalQuantile(1 - masker.delta) * StandardDeviation(weights, base) * n / allowed;
  const auto budget = static_cast<size_t>(std::clamp(root * root, 1.0, n));
  return std::min(std::max(budget, range.n_base), range.n);
}

Range RangeOf(const MaskerConfig& masker, size_t n_kv) {
  Range range;
  range.begin = HubCount(masker.init_offset, n_kv);
  const size_t local = HubCount(masker.local_offset, n_kv);
  range.n = range.begin + local < n_kv ? n_kv - range.begin - local : 0;
  range.n_base = std::max<size_t>(2, HubCount(masker.size, range.n));
  return range;
}

}  // namespace

Status HubRandomSampling(const MaskerConfig& masker, const HubInput& input, uint64_t seed,
                         HubMask* mask) {
  const auto n = static_cast<size_t>(masker.sampling_rate * static_cast<double>(input.n_kv));
  if (n == 0) return Status::kInvalidArgument;
  const HubGiven& given = input.given;
  if (given.sampled != nullptr && given.n_sampled != n * input.n_rows()) {
    return Status::kInvalidShape;
  }
  if (!AreKeys(given.sampled, given.n_sampled, input.n_kv)) return Status::kInvalidArgument;
  Draws draws(input, seed, DrawDomain::kHubSample);
  for (size_t row = 0; row < input.n_rows(); ++row) {
    const auto keys = draws.Next(row, n, 0, input.n_kv, given.sampled);
    Keep(keys, static_cast<float>(masker.sampling_rate), &mask->values[row * input.n_kv]);
  }
  return Status::kOk;
}

Status HubAdaptiveSampling(const MaskerConfig& masker, const HubInput& input, uint64_t seed,
                           HubMask* mask) {
  if (masker.size.value == 0) return Status::kOk;
  const Range range = RangeOf(masker, input.n_kv);
  mask->is_full = range.n < 2;
  if (mask->is_full) return Status::kOk;
  const HubGiven& given = input.given;
  if (given.base != nullptr && given.n_base != range.n_base * input.n_rows()) {
    return Status::kInvalidShape;
  }
  if (!AreKeys(given.base, given.n_base, input.n_kv) ||
      !AreKeys(given.adaptive, given.n_adaptive, input.n_kv)) {
    return Status::kInvalidArgument;
  }
  Draws base(input, seed, DrawDomain::kHubBase);
  Draws adaptive(input, seed, DrawDomain::kHubSample);
  size_t n_left = given.n_adaptive;
  for (size_t row = 0; row < input.n_rows(); ++row) {
    float* values = &mask->values[row * input.n_kv];
    const auto weights = Weights(input, row);
    const auto first = base.Next(row, range.n_base, range.begin, range.n, given.base);
    const double static_sum = StaticSum(weights, values, mask->is_empty);
    const size_t budget = Budget(masker, range, weights, first, static_sum);
    if (given.adaptive != nullptr && n_left < budget) return Status::kInvalidShape;
    n_left -= given.adaptive == nullptr ? 0 : budget;
    const auto keys = adaptive.Next(row, budget, range.begin, range.n, given.adaptive);
    Keep(keys, static_cast<float>(static_cast<double>(budget) / static_cast<double>(range.n)),
         values);
  }
  return n_left == 0 ? Status::kOk : Status::kInvalidShape;
}

}  // namespace sparsetune
