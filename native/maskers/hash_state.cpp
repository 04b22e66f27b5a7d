#include "maskers/hash_state.h"

#include <algorithm>
#include <cmath>

#include "kernels/scores/scores.h"
#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

constexpr size_t kChunkKeys = 64;

float Activate(float x, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return std::max(x, 0.0f);
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kGelu:
      return 0.5f * x * (1 + std::erf(x * 0.70710678f));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return x;
}

/// Outputs of a network for `n` vectors, [n, n_out of the last layer], into `vectors`, which hold
/// [n, n_in of the first layer].
Status RunNetwork(const HashNetwork& network, size_t head, Activation activation, size_t n, Isa isa,
                  std::vector<float>* vectors) {
  std::vector<const float*> pointers(n);
  std::vector<float> outputs;
  for (size_t l = 0; l < network.size(); ++l) {
    const HashLayer& layer = network[l];
    const float* bias = layer.bias.data() + head * layer.n_out;
    for (size_t i = 0; i < n; ++i) pointers[i] = vectors->data() + i * layer.n_in;
    outputs.resize(n * layer.n_out);
    const ScoreRows rows = {layer.rows.data() + head * layer.n_out * layer.n_in, Dtype::kF32,
                            layer.n_in, nullptr, layer.n_out};
    const Status status = Scores(pointers.data(), n, rows, isa, outputs.data(), layer.n_out);
    if (status != Status::kOk) return status;
    const bool is_last = l + 1 == network.size();
    for (size_t i = 0; i < outputs.size(); ++i) {
      const float sum = outputs[i] + bias[i % layer.n_out];
      outputs[i] = is_last ? sum : Activate(sum, activation);
    }
    vectors->swap(outputs);
  }
  return Status::kOk;
}

/// One bit per output that is above 0.
void PackSigns(const float* outputs, size_t n_bits, uint64_t* words) {
  std::fill_n(words, (n_bits + 63) / 64, 0);
  for (size_t b = 0; b < n_bits; ++b) {
    if (outputs[b] > 0) words[b / 64] |= uint64_t{1} << b % 64;
  }
}

}  // namespace

HashState::HashState(const MaskerConfig& masker, uint32_t layer, size_t dim, HeadPlace place)
    : head_dim(dim), weights_(masker.hash) {
  const HashOfLayer* hash = weights_ == nullptr ? nullptr : weights_->Of(layer);
  if (hash == nullptr || hash->n_heads % place.n_kv_heads != 0 || hash->key.front().n_in != dim ||
      hash->query.front().n_in != dim) {
    return;
  }
  hash_ = hash;
  n_networks = hash->n_heads / place.n_kv_heads;
  first_head_ = place.kv_head * n_networks;
  n_words = (hash->key.back().n_out + 63) / 64;
  signatures.resize(n_networks);
}

std::unique_ptr<KeyState> HashState::Continue() const {
  std::unique_ptr<HashState> next(new HashState());
  next->head_dim = head_dim;
  next->n_words = n_words;
  next->n_networks = n_networks;
  next->weights_ = weights_;
  next->hash_ = hash_;
  next->first_head_ = first_head_;
  next->signatures.resize(n_networks);
  return next;
}

Status HashState::Extend(const KvView& kv, Isa isa) {
  if (n_networks == 0) return Status::kInvalidShape;
  const size_t n_bits = hash_->key.back().n_out;
  while (first + n < kv.n_kv()) {
    const size_t count = std::min(kChunkKeys, kv.n_kv() - first - n);
    std::vector<float> rows(count * head_dim);
    for (size_t i = 0; i < count; ++i) ReadKey(kv, first + n + i, &rows[i * head_dim]);
    for (size_t i = 0; i < n_networks; ++i) {
      std::vector<float> vectors = rows;
      const Status status =
          RunNetwork(hash_->key, first_head_ + i, weights_->activation, count, isa, &vectors);
      if (status != Status::kOk) return status;
      signatures[i].resize((n + count) * n_words);
      for (size_t j = 0; j < count; ++j) {
        PackSigns(&vectors[j * n_bits], n_bits, &signatures[i][(n + j) * n_words]);
      }
    }
    n += count;
  }
  return Status::kOk;
}

size_t HashState::bytes() const {
  size_t bytes = 0;
  for (const auto& of_network : signatures) bytes += of_network.capacity() * sizeof(uint64_t);
  return bytes;
}

Status HashState::HashQuery(const float* query, size_t i, Isa isa, uint64_t* signature) const {
  std::vector<float> vector(query, query + head_dim);
  const Status status =
      RunNetwork(hash_->query, first_head_ + i, weights_->activation, 1, isa, &vector);
  if (status == Status::kOk) PackSigns(vector.data(), vector.size(), signature);
  return status;
}

}  // namespace sparsetune
