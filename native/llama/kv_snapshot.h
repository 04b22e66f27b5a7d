#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/kv_view.h"
#include "llama/model.h"
#include "maskers/chain.h"

namespace sparsetune::llama {

/// The per-key indexes of one chain over one snapshot: [layer][kv head].
using SnapshotIndex = std::vector<std::vector<std::shared_ptr<const KeyIndex>>>;

/// Keys and values of one prefilled context, all layers, f16. Read by any number of streams.
///
/// Layout of the payload: for each layer, the keys [n_kv_heads, n_tokens, head_dim], then the
/// values likewise; layers one after another, no padding.
class KvSnapshot {
 public:
  /// Bytes of the payload of `n_tokens` tokens.
  static size_t PayloadBytes(const std::vector<LayerGeometry>& layers, size_t n_tokens);

  /// @param payload  not owned; must outlive the snapshot and every stream over it
  KvSnapshot(const std::vector<LayerGeometry>& layers, const uint8_t* payload, size_t n_tokens);

  size_t n_tokens() const { return n_tokens_; }
  KvPiece Piece(size_t layer, size_t kv_head) const;

  /// The index of a chain over this context, built on first use with `n_threads` threads and kept
  /// while among the last few used. Safe from several threads.
  ///
  /// @throws EngineFailure ERR_ENGINE where an index cannot be built
  std::shared_ptr<const SnapshotIndex> IndexFor(const ChainConfig& chain, Isa isa, int n_threads);

 private:
  std::shared_ptr<const SnapshotIndex> BuildIndex(const ChainConfig& chain, Isa isa, int n_threads);

  struct CachedIndex {
    std::string key;
    std::shared_ptr<const SnapshotIndex> index;
  };

  std::vector<LayerGeometry> layers_;
  std::vector<const uint8_t*> layer_payload_;
  size_t n_tokens_;
  std::mutex mutex_;
  std::list<CachedIndex> indexes_;  // most recently used first
};

}  // namespace sparsetune::llama
