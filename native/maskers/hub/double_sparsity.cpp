#include <cmath>
#include <limits>

#include "maskers/hub/hub.h"

namespace sparsetune {
namespace {

std::vector<float> Pick(const float* vector, const uint32_t* channels, size_t n, uint32_t bits) {
  std::vector<float> label(n);
  for (size_t i = 0; i < n; ++i) label[i] = vector[channels[i]];
  HubQuantise(bits, &label);
  return label;
}

}  // namespace

Status HubDoubleSparsity(const MaskerConfig& masker, const HubInput& input, HubMask* mask) {
  const ChannelsOfLayer* channels =
      masker.channels == nullptr ? nullptr : masker.channels->Of(input.layer);
  if (channels == nullptr || channels->n_heads != input.n_q_heads ||
      channels->order.size() != input.n_q_heads * input.head_dim) {
    return Status::kInvalidShape;
  }
  const size_t n_channels = input.head_dim / masker.group_factor;
  if (n_channels == 0) return Status::kInvalidArgument;
  const size_t k = HubCount(masker.size, input.n_kv);
  mask->is_full = input.n_kv - input.n_q <= k;
  if (mask->is_full) return Status::kOk;
  const auto root = std::sqrt(static_cast<float>(n_channels));
  std::vector<float> scores(input.n_kv);
  for (size_t row = 0; row < input.n_rows(); ++row) {
    const uint32_t* order = &channels->order[row / input.n_q * input.head_dim];
    const auto query = Pick(input.query(row), order, n_channels, masker.label_bits);
    float* values = mask->values.data() + row * input.n_kv;
    for (size_t j = 0; j < input.n_kv; ++j) {
      const auto key = Pick(input.key(row, j), order, n_channels, masker.label_bits);
      scores[j] = HubDot(query.data(), key.data(), n_channels) / root + input.added(row, j);
      if (values[j] != 0) scores[j] = -std::numeric_limits<float>::infinity();
    }
    for (const size_t j : HubLargest(scores, k)) values[j] = 1.0f;
  }
  return Status::kOk;
}

}  // namespace sparsetune
