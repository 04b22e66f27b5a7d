#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/kv_view.h"
#include "device/decode_cache.h"
#include "llama/index_cache.h"
#include "llama/model.h"
#include "maskers/chain.h"

namespace sparsetune::llama {

/// Keys and values of one prefilled context, all layers, f16. Read by any number of streams.
///
/// Layout of the payload: for each layer, the keys [n_kv_heads, n_tokens, head_dim], then the
/// values likewise; layers one after another, no padding.
class KvSnapshot {
 public:
  /// Bytes of the payload of `n_tokens` tokens.
  static size_t PayloadBytes(const std::vector<LayerGeometry>& layers, size_t n_tokens);

  /// @param payload  not owned; must outlive the snapshot and every stream over it
  /// @param indexes  where indexes over it are kept
  KvSnapshot(const std::vector<LayerGeometry>& layers, const uint8_t* payload, size_t n_tokens,
             std::shared_ptr<IndexCache> indexes);
  ~KvSnapshot();
  KvSnapshot(const KvSnapshot&) = delete;
  KvSnapshot& operator=(const KvSnapshot&) = delete;

  size_t n_tokens() const { return n_tokens_; }
  KvPiece Piece(size_t layer, size_t kv_head) const;

  /// The index of a chain over this context, built on first use with `n_threads` threads and kept
  /// as long as the cache has room. Safe from several threads.
  ///
  /// @throws EngineFailure ERR_ENGINE where an index cannot be built
  std::shared_ptr<const SnapshotIndex> IndexFor(const ChainConfig& chain, Isa isa, int n_threads);

  /// The copy of a layer in the memory of a GPU, made on first use, with room for `n_tail` tokens
  /// after it; it goes with the snapshot. For one thread at a time.
  ///
  /// @return kOutOfMemory, kDevice
  Status OnDevice(size_t layer, size_t n_tail, const std::shared_ptr<device::DecodeRoom>& room,
                  device::DecodeCache** cache);

 private:
  std::shared_ptr<const SnapshotIndex> BuildIndex(const ChainConfig& chain, Isa isa, int n_threads);
  bool IndexLayer(const ChainConfig& chain, size_t layer, Isa isa,
                  std::vector<std::shared_ptr<const KeyIndex>>* heads) const;

  std::vector<LayerGeometry> layers_;
  std::vector<const uint8_t*> layer_payload_;
  size_t n_tokens_;
  std::mutex build_mutex_;
  std::shared_ptr<IndexCache> indexes_;
  std::vector<std::unique_ptr<device::DecodeCache>> on_device_;  // by layer
};

}  // namespace sparsetune::llama
