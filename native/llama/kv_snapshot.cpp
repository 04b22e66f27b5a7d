#include "llama/kv_snapshot.h"

#include <atomic>
#include <new>
#include <system_error>
#include <thread>

namespace sparsetune::llama {
namespace {

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
                       size_t n_tokens, std::shared_ptr<IndexCache> indexes)
    : layers_(layers),
      n_tokens_(n_tokens),
      indexes_(std::move(indexes)),
      on_device_(layers.size()) {
  for (const LayerGeometry& layer : layers_) {
    layer_payload_.push_back(payload);
    payload += 2 * BlockElements(layer, n_tokens) * 2;
  }
}

KvSnapshot::~KvSnapshot() { indexes_->Remove(this); }

KvPiece KvSnapshot::Piece(size_t layer, size_t kv_head) const {
  const LayerGeometry& geometry = layers_[layer];
  const size_t head_bytes = n_tokens_ * static_cast<size_t>(geometry.head_dim) * 2;
  const uint8_t* keys = layer_payload_[layer] + kv_head * head_bytes;
  const uint8_t* values = keys + static_cast<size_t>(geometry.n_kv_heads) * head_bytes;
  return {keys, values, n_tokens_};
}

std::shared_ptr<const SnapshotIndex> KvSnapshot::IndexFor(const ChainConfig& chain, Isa isa,
                                                          int n_threads) {
  const std::lock_guard<std::mutex> lock(build_mutex_);
  const std::string key = IndexKey(chain);
  auto index = indexes_->Find(this, key);
  if (index == nullptr) {
    index = BuildIndex(chain, isa, n_threads);
    indexes_->Add(this, key, index);
  }
  return index;
}

Status KvSnapshot::OnDevice(size_t layer, size_t n_tail,
                            const std::shared_ptr<device::DecodeRoom>& room,
                            device::DecodeCache** cache) {
  Status status = Status::kOk;
  if (on_device_[layer] == nullptr) {
    const KvPiece first = Piece(layer, 0);  // the other heads follow
    const device::HostContext context = {first.keys, first.values, n_tokens_,
                                         static_cast<size_t>(layers_[layer].n_kv_heads),
                                         static_cast<size_t>(layers_[layer].head_dim)};
    status = device::MakeDecodeCache(context, n_tail, room, &on_device_[layer]);
  }
  *cache = on_device_[layer].get();
  return status;
}

std::shared_ptr<const SnapshotIndex> KvSnapshot::BuildIndex(const ChainConfig& chain, Isa isa,
                                                            int n_threads) {
  auto index = std::make_shared<SnapshotIndex>(layers_.size());
  std::atomic<size_t> next_layer{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    for (size_t layer = next_layer++; layer < layers_.size(); layer = next_layer++) {
      if (!IndexLayer(chain, layer, isa, &(*index)[layer])) failed = true;
    }
  };
  std::vector<std::thread> helpers;
  try {
    for (int i = 1; i < n_threads; ++i) helpers.emplace_back(work);
    // NOLINTNEXTLINE(bugprone-empty-catch): the threads there are do the work.
  } catch (const std::system_error&) {
  }
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failed) throw EngineFailure("ERR_ENGINE", "There is no memory for the key index of a config");
  return index;
}

bool KvSnapshot::IndexLayer(const ChainConfig& chain, size_t layer, Isa isa,
                            std::vector<std::shared_ptr<const KeyIndex>>* heads) const {
  const LayerGeometry& geometry = layers_[layer];
  if (geometry.window != 0) return true;  // such layers stay dense
  const auto head_dim = static_cast<size_t>(geometry.head_dim);
  try {
    const auto n_kv_heads = static_cast<size_t>(geometry.n_kv_heads);
    for (size_t head = 0; head < n_kv_heads; ++head) {
      const HeadPlace place = {head, n_kv_heads};
      auto keys = std::make_shared<KeyIndex>(chain, static_cast<uint32_t>(layer), head_dim, place);
      const KvView view{Dtype::kF16, head_dim, Piece(layer, head), {}};
      if (keys->Extend(view, isa) != Status::kOk) return false;
      heads->push_back(std::move(keys));
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

}  // namespace sparsetune::llama
