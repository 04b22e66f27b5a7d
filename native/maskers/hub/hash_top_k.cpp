#include <algorithm>
#include <cmath>
#include <limits>

#include "maskers/hub/hub.h"

namespace sparsetune {
namespace {

double Activate(double x, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return x > 0 ? x : 0;
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kGelu:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return x;
}

/// The signs of a network's outputs: -1, 0 or 1.
std::vector<int> Signature(const HashNetwork& network, size_t head, Activation activation,
                           const float* vector) {
  std::vector<double> values(vector, vector + network.front().n_in);
  for (size_t l = 0; l < network.size(); ++l) {
    const HashLayer& layer = network[l];
    std::vector<double> next(layer.n_out);
    for (size_t o = 0; o < layer.n_out; ++o) {
      const float* row = &layer.rows[(head * layer.n_out + o) * layer.n_in];
      next[o] = layer.bias[head * layer.n_out + o];
      for (size_t i = 0; i < layer.n_in; ++i) next[o] += values[i] * row[i];
      if (l + 1 < network.size()) next[o] = Activate(next[o], activation);
    }
    values = std::move(next);
  }
  std::vector<int> signs(values.size());
  std::transform(values.begin(), values.end(), signs.begin(), [](double x) {
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  });
  return signs;
}

}  // namespace

Status HubHashTopK(const MaskerConfig& masker, const HubInput& input, HubMask* mask) {
  const HashOfLayer* hash = masker.hash == nullptr ? nullptr : masker.hash->Of(input.layer);
  if (hash == nullptr || hash->n_heads != input.n_q_heads ||
      hash->query.front().n_in != input.head_dim || hash->key.front().n_in != input.head_dim) {
    return Status::kInvalidShape;
  }
  const size_t k = HubCount(masker.size, input.n_kv);
  mask->is_full = input.n_kv <= k;
  if (mask->is_full) return Status::kOk;
  std::vector<float> scores(input.n_kv);
  for (size_t head = 0; head < input.n_q_heads; ++head) {
    std::vector<std::vector<int>> keys;
    for (size_t j = 0; j < input.n_kv; ++j) {
      const float* key = input.key(head * input.n_q, j);
      keys.push_back(Signature(hash->key, head, masker.hash->activation, key));
    }
    for (size_t row = head * input.n_q; row < (head + 1) * input.n_q; ++row) {
      const auto query = Signature(hash->query, head, masker.hash->activation, input.query(row));
      float* values = mask->values.data() + row * input.n_kv;
      for (size_t j = 0; j < input.n_kv; ++j) {
        int sum = 0;
        for (size_t b = 0; b < query.size(); ++b) sum += query[b] * keys[j][b];
        scores[j] = values[j] != 0 ? -std::numeric_limits<float>::infinity()
                                   : static_cast<float>(sum) + input.added(row, j);
      }
      for (const size_t j : HubLargest(scores, k)) values[j] = 1.0f;
    }
  }
  return Status::kOk;
}

}  // namespace sparsetune
