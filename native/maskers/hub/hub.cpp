#include "maskers/hub/hub.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "maskers/check_chain.h"

namespace sparsetune {
namespace {

bool IsShare(double value) { return value > 0 && value < 1; }

bool IsValid(const MaskerConfig& masker) {
  switch (masker.kind) {
    case MaskerKind::kSink:
    case MaskerKind::kLocal:
    case MaskerKind::kTopK:
    case MaskerKind::kHashTopK:
      return masker.size.value > 0;
    case MaskerKind::kTopP:
      return masker.top_p >= 0 && masker.top_p <= 1;
    case MaskerKind::kQuest:
      return masker.size.value > 0 && masker.page_size > 0 && masker.label_bits >= 1 &&
             masker.label_bits <= 16;
    case MaskerKind::kDoubleSparsity:
      return masker.size.value > 0 && masker.group_factor > 0 && masker.label_bits >= 1 &&
             masker.label_bits <= 16;
    case MaskerKind::kRandomSampling:
      return masker.sampling_rate > 0 && masker.sampling_rate <= 1;
    case MaskerKind::kAdaptiveSampling:
      return masker.size.value >= 0 && IsShare(masker.epsilon) && IsShare(masker.delta);
    case MaskerKind::kMagicPig:
      return masker.lsh_l >= 1 && masker.lsh_k >= 1 && masker.lsh_k <= 64;
  }
  return false;
}

Status CheckHubChain(const ChainConfig& chain) {
  size_t n_samplers = 0;
  for (const MaskerConfig& masker : chain.maskers) {
    if (!IsValid(masker)) return Status::kInvalidArgument;
    n_samplers += IsSampler(masker.kind) ? 1 : 0;
  }
  return n_samplers <= 1 ? Status::kOk : Status::kInvalidArgument;
}

Status ApplyHubMasker(const MaskerConfig& masker, const HubInput& input, uint64_t seed,
                      HubCache* cache, HubMask* mask) {
  switch (masker.kind) {
    case MaskerKind::kSink:
      HubSink(masker, input, mask);
      break;
    case MaskerKind::kLocal:
      HubLocal(masker, input, mask);
      break;
    case MaskerKind::kTopK:
      HubTopK(masker, input, mask);
      break;
    case MaskerKind::kTopP:
      HubTopP(masker, input, mask);
      break;
    case MaskerKind::kQuest:
      HubQuest(masker, input, mask);
      break;
    case MaskerKind::kMagicPig:
      HubMagicPig(masker, input, seed, cache, mask);
      break;
    case MaskerKind::kDoubleSparsity:
      return HubDoubleSparsity(masker, input, mask);
    case MaskerKind::kHashTopK:
      return HubHashTopK(masker, input, mask);
    case MaskerKind::kRandomSampling:
      return HubRandomSampling(masker, input, seed, mask);
    case MaskerKind::kAdaptiveSampling:
      return HubAdaptiveSampling(masker, input, seed, mask);
  }
  return Status::kOk;
}

void AttendRow(const HubInput& input, const HubMask& mask, size_t row, float* output) {
  std::vector<float> scores(input.n_kv);
  float max = -std::numeric_limits<float>::infinity();
  for (size_t j = 0; j < input.n_kv; ++j) {
    scores[j] = input.scale * HubDot(input.query(row), input.key(row, j), input.head_dim) +
                input.added(row, j);
    max = std::max(max, scores[j]);
  }
  const std::vector<float>& values = input.values[input.kv_head(row)];
  std::vector<double> sum(input.head_dim, 0.0);
  double total = 0;
  for (size_t j = 0; j < input.n_kv; ++j) {
    const bool is_dense = mask.is_full || mask.is_empty;
    const float kept = is_dense ? 1.0f : mask.values[row * input.n_kv + j];
    if (kept == 0) continue;
    float weight = std::exp(scores[j] - max);
    if (!is_dense) weight /= kept + 1e-6f;
    total += weight;
    for (size_t i = 0; i < input.head_dim; ++i) {
      sum[i] += static_cast<double>(weight) * values[j * input.head_dim + i];
    }
  }
  for (size_t i = 0; i < input.head_dim; ++i) output[i] = static_cast<float>(sum[i] / total);
}

}  // namespace

float HubDot(const float* a, const float* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return static_cast<float>(sum);
}

std::vector<size_t> HubLargest(const std::vector<float>& scores, size_t k) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(k, order.size()));
  return order;
}

void HubQuantise(uint32_t bits, std::vector<float>* vector) {
  if (bits >= 16) return;
  const auto [low, high] = std::minmax_element(vector->begin(), vector->end());
  const float min = *low;
  const float levels = static_cast<float>((1u << bits) - 1);
  const float range = *high - min;
  const float scale = levels / (range == 0 ? 1.0f : range);
  // nearbyint: ties to even, as torch.round.
  for (float& x : *vector) {
    x = std::clamp(std::nearbyint((x - min) * scale), 0.0f, levels) / scale + min;
  }
}

float HubInput::added(size_t row, size_t j) const {
  if (given.attention_mask == nullptr) return 0;
  const size_t mask_row = given.mask_heads == 1 ? row % n_q : row;
  return given.attention_mask[mask_row * n_kv + j];
}

size_t HubCount(const KeyCount& count, size_t n_kv) {
  const double value = count.is_fraction ? count.value * static_cast<double>(n_kv) : count.value;
  return static_cast<size_t>(std::min(value, 4294967295.0));
}

void HubSink(const MaskerConfig& masker, const HubInput& input, HubMask* mask) {
  const size_t n = HubCount(masker.size, input.n_kv);
  mask->is_full = input.n_kv <= n;
  if (mask->is_full) return;
  for (size_t row = 0; row < input.n_rows(); ++row) {
    std::fill_n(mask->values.begin() + static_cast<ptrdiff_t>(row * input.n_kv), n, 1.0f);
  }
}

void HubLocal(const MaskerConfig& masker, const HubInput& input, HubMask* mask) {
  const size_t window = HubCount(masker.size, input.n_kv);
  mask->is_full = input.n_kv <= window + input.n_q;
  if (mask->is_full) return;
  for (size_t row = 0; row < input.n_rows(); ++row) {
    float* values = mask->values.data() + row * input.n_kv;
    const size_t end = input.n_kv - input.n_q + row % input.n_q + 1;
    std::fill(values + (end - window), values + end, 1.0f);
    std::fill(values + end, values + input.n_kv, 0.0f);
  }
}

void HubTopK(const MaskerConfig& masker, const HubInput& input, HubMask* mask) {
  const size_t n_kv = input.n_kv;
  const size_t k = HubCount(masker.size, n_kv);
  mask->is_full = n_kv <= k;
  if (mask->is_full) return;
  std::vector<float> scores(n_kv);
  for (size_t row = 0; row < input.n_rows(); ++row) {
    float* values = mask->values.data() + row * n_kv;
    for (size_t j = 0; j < n_kv; ++j) {
      const float score =
          HubDot(input.query(row), input.key(row, j), input.head_dim) + input.added(row, j);
      scores[j] = values[j] != 0 ? std::numeric_limits<float>::lowest() : score;
    }
    for (const size_t j : HubLargest(scores, k)) values[j] = 1.0f;
  }
}

Status HubForward(const ChainConfig& chain, const HubInput& input, HubCache* cache, HubMask* mask,
                  float* output) {
  const Status status = CheckHubChain(chain);
  if (status != Status::kOk) return status;
  mask->is_full = chain.maskers.empty();
  mask->is_empty = !mask->is_full;
  mask->values.assign(input.n_rows() * input.n_kv, 0.0f);
  for (const MaskerConfig& masker : chain.maskers) {
    if (mask->is_full) break;
    const Status applied = ApplyHubMasker(masker, input, chain.seed, cache, mask);
    if (applied != Status::kOk) return applied;
    // Adaptive sampling without a base sample returns the mask as it came.
    if (masker.kind != MaskerKind::kAdaptiveSampling || masker.size.value > 0) {
      mask->is_empty = false;
    }
  }
  for (size_t row = 0; row < input.n_rows(); ++row) {
    AttendRow(input, *mask, row, output + row * input.head_dim);
  }
  return Status::kOk;
}

}  // namespace sparsetune
