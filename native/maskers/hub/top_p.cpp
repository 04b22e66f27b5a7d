#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "maskers/hub/hub.h"

namespace sparsetune {
namespace {

/// exp(score - largest score) of a row; keys that are attended already have the lowest float.
std::vector<float> Weights(const HubInput& input, size_t row, const float* values) {
  std::vector<float> weights(input.n_kv);
  float max = std::numeric_limits<float>::lowest();
  for (size_t j = 0; j < input.n_kv; ++j) {
    const float dot = HubDot(input.query(row), input.key(row, j), input.head_dim);
    weights[j] = values[j] != 0 ? std::numeric_limits<float>::lowest()
                                : input.scale * dot + input.added(row, j);
    max = std::max(max, weights[j]);
  }
  for (float& weight : weights) weight = std::exp(weight - max);
  return weights;
}

/// The weight at which the sorted, normalised sum first exceeds top_p.
float Threshold(std::vector<float> weights, double top_p) {
  std::sort(weights.begin(), weights.end(), std::greater<>());
  double total = 0;
  for (const float weight : weights) total += weight;
  double sum = 0;
  for (const float weight : weights) {
    sum += weight;
    if (sum / total > top_p) return weight;
  }
  return weights.back();
}

}  // namespace

void HubTopP(const MaskerConfig& masker, const HubInput& input, HubMask* mask) {
  mask->is_full = input.n_kv <= static_cast<size_t>(masker.top_p * static_cast<double>(input.n_kv));
  if (mask->is_full) return;
  for (size_t row = 0; row < input.n_rows(); ++row) {
    float* values = mask->values.data() + row * input.n_kv;
    const std::vector<float> weights = Weights(input, row, values);
    const float threshold = Threshold(weights, masker.top_p);
    for (size_t j = 0; j < input.n_kv; ++j) {
      if (weights[j] >= threshold) values[j] = 1.0f;
    }
  }
}

}  // namespace sparsetune
