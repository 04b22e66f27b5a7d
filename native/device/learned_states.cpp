#if defined(SPARSETUNE_HAS_CUDA)

#include "device/learned_states.h"

#include <algorithm>
#include <vector>

#include "device/failure.h"

namespace sparsetune::device {
namespace {

/// Appends the numbers of a network's layers, transposed.
void Pack(const HashNetwork& network, size_t n_heads, std::vector<float>* numbers) {
  for (const HashLayer& layer : network) {
    const size_t first = numbers->size();
    numbers->resize(first + layer.rows.size());
    float* columns = numbers->data() + first;
    for (size_t head = 0; head < n_heads; ++head) {
      const float* rows = layer.rows.data() + head * layer.n_in * layer.n_out;
      float* column = columns + head * layer.n_in * layer.n_out;
      for (size_t o = 0; o < layer.n_out; ++o) {
        for (size_t i = 0; i < layer.n_in; ++i) {
          column[i * layer.n_out + o] = rows[o * layer.n_in + i];
        }
      }
    }
    numbers->insert(numbers->end(), layer.bias.begin(), layer.bias.end());
  }
}

/// The network whose numbers Pack left from `at` on; returns where they end.
const float* Unpack(const HashNetwork& network, size_t n_heads, Activation activation,
                    const float* at, cuda::HashNetwork* result) {
  result->n_layers = network.size();
  result->activation = activation;
  for (size_t l = 0; l < network.size(); ++l) {
    const HashLayer& layer = network[l];
    const float* bias = at + n_heads * layer.n_in * layer.n_out;
    result->layers[l] = {at, bias, static_cast<unsigned>(layer.n_in),
                         static_cast<unsigned>(layer.n_out)};
    at = bias + n_heads * layer.n_out;
  }
  return at;
}

}  // namespace

cuda::SignatureTable HashState::table() const {
  return {reinterpret_cast<uint64_t*>(blocks_.data()), blocks_.stride(), n_networks_,
          n_networks_ == 0 ? 0 : key_bytes() / sizeof(uint64_t) / n_networks_};
}

void HashState::Begin(const CachedKeys& keys) {
  const size_t n_heads = hash_->n_heads;
  std::vector<float> numbers;
  Pack(hash_->query, n_heads, &numbers);
  Pack(hash_->key, n_heads, &numbers);
  Check(numbers_.Reserve(numbers.size() * sizeof(float)));
  Check(cuda::CopyToDevice(numbers_.as<void>(), numbers.data(), numbers_.bytes(), keys.stream));
  Check(cuda::Synchronise(keys.stream));  // before the vector goes
  const float* at =
      Unpack(hash_->query, n_heads, weights_->activation, numbers_.as<float>(), &query_network_);
  Unpack(hash_->key, n_heads, weights_->activation, at, &key_network_);
  n_networks_ = n_heads / keys.rows.n_kv_heads;
  const size_t n_words = (hash_->key.back().n_out + 63) / 64;
  blocks_ =
      KeyBlocks(cuda::kPlaneKeys, n_networks_ * n_words * cuda::kPlaneKeys * sizeof(uint64_t));
  has_begun_ = true;
}

void HashState::Add(const CachedKeys& keys) {
  if (hash_ == nullptr || hash_->n_heads % keys.rows.n_kv_heads != 0 ||
      hash_->key.front().n_in != keys.rows.head_dim ||
      hash_->query.front().n_in != keys.rows.head_dim) {
    throw DeviceFailure{Status::kInvalidShape};
  }
  if (!has_begun_) Begin(keys);
  blocks_.Reserve(keys);
  Check(cuda::HashKeys(keys.rows, n(), keys.n, key_network_, table(), keys.stream));
}

cuda::LabelTable LabelState::table() const {
  return {blocks_.data(), blocks_.stride(), chosen_.as<uint32_t>(), n_lists_, n_channels_};
}

void LabelState::Begin(const CachedKeys& keys) {
  const size_t head_dim = keys.rows.head_dim;
  const size_t n_channels = std::max<size_t>(1, head_dim / group_factor_);
  std::vector<uint32_t> chosen;
  for (size_t head = 0; head < channels_->n_heads; ++head) {
    const auto first = channels_->order.begin() + static_cast<ptrdiff_t>(head * head_dim);
    chosen.insert(chosen.end(), first, first + static_cast<ptrdiff_t>(n_channels));
  }
  Check(chosen_.Reserve(chosen.size() * sizeof(uint32_t)));
  Check(cuda::CopyToDevice(chosen_.as<void>(), chosen.data(), chosen_.bytes(), keys.stream));
  Check(cuda::Synchronise(keys.stream));  // before the vector goes
  n_lists_ = channels_->n_heads / keys.rows.n_kv_heads;
  n_channels_ = n_channels;
  blocks_ = KeyBlocks(cuda::kPlaneKeys,
                      n_lists_ * n_channels * cuda::kPlaneKeys * DtypeBytes(keys.rows.dtype));
  has_begun_ = true;
}

void LabelState::Add(const CachedKeys& keys) {
  const size_t head_dim = keys.rows.head_dim;
  if (channels_ == nullptr || channels_->n_heads % keys.rows.n_kv_heads != 0 ||
      channels_->order.size() != channels_->n_heads * head_dim) {
    throw DeviceFailure{Status::kInvalidShape};
  }
  if (!has_begun_) Begin(keys);
  blocks_.Reserve(keys);
  Check(cuda::LabelsExtend(keys.rows, n(), keys.n, table(), keys.stream));
}

}  // namespace sparsetune::device

#endif
