#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "llama/decode_stream.h"

namespace sparsetune::llama {

/// The queries of one dense pass over a context, at a few layers, with the dense output and the K
/// and V of the pass itself: what is needed to ask later how far a config's attention output is
/// from dense on exactly these queries.
class QueryCapture {
 public:
  /// @param layers  ascending layer numbers; windowed layers are left out by the caller
  /// @param n_q     tokens of the pass
  QueryCapture(std::shared_ptr<const Model> model, std::shared_ptr<KvSnapshot> snapshot,
               std::vector<int32_t> layers, size_t n_q);

  /// Position of `layer` in the captured layers, or -1.
  int Slot(size_t layer) const;

  /// Copies one KV head's queries, outputs and tail rows of the batch that just ran. `stream` has
  /// appended its `n` new tokens but not committed them.
  void Store(const DecodeStream& stream, size_t layer, size_t kv_head, const GroupInput& input,
             const float* output, size_t out_head_stride, size_t out_query_stride);

  /// Relative Frobenius error of `chain` against dense for each captured layer, over all heads and
  /// queries: |sparse - dense| / |dense|.
  ///
  /// @throws EngineFailure ERR_ENGINE where a config cannot run
  std::vector<double> OutputErrors(const ChainConfig& chain, Isa isa, int n_threads) const;

  /// [n_q_heads, n_q, head_dim] of a captured layer; zeros where nothing was stored yet.
  const std::vector<float>& queries(size_t slot) const { return captured_[slot].queries; }

  const std::vector<int32_t>& layers() const { return layers_; }

 private:
  struct Layer {
    std::vector<float> queries;  // [n_q_heads, n_q, head_dim]
    std::vector<float> outputs;  // likewise
    std::vector<uint16_t> keys;  // [n_kv_heads, n_q, head_dim]
    std::vector<uint16_t> values;
    std::vector<size_t> n_stored;  // per KV head
  };
  double LayerError(size_t slot, const ChainConfig& chain, const SnapshotIndex* index,
                    Isa isa) const;

  std::shared_ptr<const Model> model_;
  std::shared_ptr<KvSnapshot> snapshot_;
  std::vector<int32_t> layers_;
  size_t n_q_;
  std::vector<Layer> captured_;
};

}  // namespace sparsetune::llama
