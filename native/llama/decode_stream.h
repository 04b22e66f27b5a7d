#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "llama/cells.h"
#include "llama/kv_snapshot.h"
#include "maskers/chain.h"

namespace sparsetune::llama {

/// One continuation of a context: the shared snapshot, a config, and the K and V of its own new
/// tokens (the tail). Used by one decoder at a time.
class DecodeStream {
 public:
  /// @param capacity  tokens the tail can hold
  /// @throws EngineFailure ERR_CONFIG where the chain cannot run in the engine
  DecodeStream(std::shared_ptr<const Model> model, std::shared_ptr<KvSnapshot> snapshot,
               ChainConfig chain, size_t capacity);

  KvSnapshot& snapshot() const { return *snapshot_; }
  size_t n_context() const { return snapshot_->n_tokens(); }
  size_t n_tail() const { return n_tail_; }
  size_t capacity() const { return capacity_; }
  const ChainConfig& chain() const { return chain_; }

  /// Forgets all tail tokens after the first `n_tail`.
  void Truncate(size_t n_tail);

  /// Forgets what a failed batch has appended without a Commit.
  void ForgetUncommitted() { tail_index_.clear(); }

  /// Makes sure that the index over the context exists. Called before a batch.
  void PrepareIndex(Isa isa, int n_threads);

  /// Whether tokens of the tail of a layer are in host memory.
  bool IsTailOnHost(size_t layer) const { return n_tail_ > 0 && !is_on_device_[layer]; }
  /// Gives the tail of a layer, which has no token on the host, its place in the memory of a GPU:
  /// from now on DeviceTail is in use, and AppendTail, View and Index are not.
  ///
  /// @return kOutOfMemory
  Status BringToDevice(size_t layer);
  device::Tail DeviceTail(size_t layer) const;
  /// The way back, with all tokens.
  ///
  /// @return kDevice
  Status BringToHost(size_t layer);

  /// Copies K and V of the batch columns [column, column + n) behind the tail of one layer and KV
  /// head and indexes them. Different (layer, kv head) pairs may run on different threads.
  Status AppendTail(size_t layer, size_t kv_head, const HostRows& keys, const HostRows& values,
                    size_t column, size_t n, Isa isa);

  /// Context and tail with the `n_new` tokens that AppendTail has added in this batch.
  KvView View(size_t layer, size_t kv_head, size_t n_new) const;

  /// The index for AttendGroup, or null where the chain needs none.
  const KeyIndex* Index(size_t layer, size_t kv_head) const;

  /// Counts the `n` tokens of a batch as part of the tail, once all layers have appended them.
  void Commit(size_t n) { n_tail_ += n; }

 private:
  size_t TailOffset(size_t layer, size_t kv_head) const;
  bool IsSparse(size_t layer) const;

  std::shared_ptr<const Model> model_;
  std::shared_ptr<KvSnapshot> snapshot_;
  ChainConfig chain_;
  size_t capacity_;
  size_t n_tail_ = 0;
  size_t n_elements_ = 0;              // of tail_
  std::vector<size_t> layer_offset_;   // of a layer's keys in tail_, in elements
  std::unique_ptr<uint16_t[]> tail_;   // as a snapshot of `capacity` tokens; not initialised
  std::shared_ptr<void> device_tail_;  // as tail_, but for the order of a layer's rows
  std::vector<bool> is_on_device_;     // by layer: its tail
  std::shared_ptr<const SnapshotIndex> context_index_;
  std::vector<std::vector<std::unique_ptr<KeyIndex>>> tail_index_;  // [layer][kv head]
};

}  // namespace sparsetune::llama
