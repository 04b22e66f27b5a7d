#include "llama/kv_snapshot.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace sparsetune::llama {
namespace {

// Enough for the chains of one batch of trials; an index of many tables is as large as the keys.
constexpr size_t kMaxCachedIndexes = 8;

size_t BlockElements(const LayerGeometry& layer, size_t n_tokens) {
  return static_cast<size_t>(layer.n_kv_heads) * n_tokens * static_cast<size_t>(layer.head_dim);
}

}  // namespace

size_t KvSnapshot::PayloadBytes(const std::vector<LayerGeometry>& layers, size_t n_tokens) {
  size_t bytes = 0;
  for (const LayerGeometry& layer : layers) bytes += 2 * BlockElements(layer, n_tokens) * 2;
  return bytes;
}

KvSnapshot::KvSnapshot(const std::vector<LayerGeometry>& layers, const uint8_t* payload,
                       size_t n_tokens)
    : layers_(layers), n_tokens_(n_tokens) {
  for (const LayerGeometry& layer : layers_) {
    layer_payload_.push_back(payload);
    payload += 2 * BlockElements(layer, n_tokens) * 2;
  }
}

KvPiece KvSnapshot::Piece(size_t layer, size_t kv_head) const {
  const LayerGeometry& geometry = layers_[layer];
  const size_t head_bytes = n_tokens_ * static_cast<size_t>(geometry.head_dim) * 2;
  const uint8_t* keys = layer_payload_[layer] + kv_head * head_bytes;
  const uint8_t* values = keys + static_cast<size_t>(geometry.n_kv_heads) * head_bytes;
  return {keys, values, n_tokens_};
}

std::shared_ptr<const SnapshotIndex> KvSnapshot::IndexFor(const ChainConfig& chain, Isa isa,
                                                          int n_threads) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string key = IndexKey(chain);
  const auto found = std::find_if(indexes_.begin(), indexes_.end(),
                                  [&](const CachedIndex& cached) { return cached.key == key; });
  if (found != indexes_.end()) {
    indexes_.splice(indexes_.begin(), indexes_, found);
  } else {
    indexes_.push_front({key, BuildIndex(chain, isa, n_threads)});
    if (indexes_.size() > kMaxCachedIndexes) indexes_.pop_back();
  }
  return indexes_.front().index;
}

std::shared_ptr<const SnapshotIndex> KvSnapshot::BuildIndex(const ChainConfig& chain, Isa isa,
                                                            int n_threads) {
  auto index = std::make_shared<SnapshotIndex>(layers_.size());
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    (*index)[layer].resize(static_cast<size_t>(layers_[layer].n_kv_heads));
  }
  std::atomic<size_t> next_layer{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    for (size_t layer = next_layer++; layer < layers_.size(); layer = next_layer++) {
      const auto head_dim = static_cast<size_t>(layers_[layer].head_dim);
      if (layers_[layer].window != 0) continue;  // such layers stay dense
      for (size_t head = 0; head < (*index)[layer].size(); ++head) {
        const HeadPlace place = {head, (*index)[layer].size()};
        auto keys =
            std::make_shared<KeyIndex>(chain, static_cast<uint32_t>(layer), head_dim, place);
        const KvView view{Dtype::kF16, head_dim, Piece(layer, head), {}};
        if (keys->Extend(view, isa) != Status::kOk) failed = true;
        (*index)[layer][head] = std::move(keys);
      }
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < n_threads; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failed) throw EngineFailure("ERR_ENGINE", "Could not build the key index of a config");
  return index;
}

}  // namespace sparsetune::llama
