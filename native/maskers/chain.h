#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/cpu.h"
#include "core/kv_view.h"
#include "core/status.h"
#include "maskers/config.h"

namespace sparsetune {

/// The query heads of one KV head at the last `n_q` positions of `kv`: query i sees the first
/// n_kv - n_q + i + 1 keys (causal), and of these only the last `window` where `window` is not 0.
struct GroupInput {
  KvView kv;
  const float* queries =
      nullptr;              ///< row (head g, query i) starts at g*head_stride + i*query_stride
  size_t head_stride = 0;   ///< in floats
  size_t query_stride = 0;  ///< in floats
  size_t group_size = 0;    ///< query heads of this KV head
  size_t n_q = 0;
  float scale = 0;       ///< multiplies q.k before the softmax
  size_t window = 0;     ///< sliding window of the layer itself; only dense chains take one
  uint32_t layer = 0;    ///< keys the random draws
  uint32_t kv_head = 0;  ///< keys the random draws (query head = kv_head * group_size + g)
};

/// What a call read and kept, summed over its rows; see the metrics in docs/metrics.md.
struct GroupStats {
  uint64_t attended = 0;    ///< (query head, query, key) triples with a weight
  uint64_t visible = 0;     ///< triples that causality (and the window) allow
  uint64_t rows = 0;        ///< (query head, query) pairs
  double density_sum = 0;   ///< over the rows, attended / visible of each
  uint64_t bytes_read = 0;  ///< distinct bytes of K, V and index touched, per (KV head, query)
};

/// Which head of its layer an index belongs to: what is learned per head is cut by it.
struct HeadPlace {
  size_t kv_head = 0;
  size_t n_kv_heads = 1;
};

/// Per-key state that a chain needs for one layer and KV head: of magic_pig the LSH buckets and
/// the mean key, of quest the page bounds, of double_sparsity the chosen channels, of hash_top_k
/// the signatures, of top_k with int8 scores the quantised keys; one state per such masker, in the
/// order of the chain, and none for the others. Built once, then extended key by key or by blocks
/// with the same result. A child continues its parent: the parent (index of a shared context) is
/// never written, the child holds only what comes after it.
class KeyIndex {
 public:
  /// An index of its own: the mean key is that of the keys present at the first Extend.
  KeyIndex(const ChainConfig& chain, uint32_t layer, size_t head_dim, HeadPlace place = {});
  /// Continues `parent`, with its frozen mean.
  explicit KeyIndex(std::shared_ptr<const KeyIndex> parent);
  ~KeyIndex();
  KeyIndex(const KeyIndex&) = delete;
  KeyIndex& operator=(const KeyIndex&) = delete;

  /// Indexes the keys of `kv` that are not yet indexed. kInvalidShape where weights or channels
  /// do not fit the layer. Not safe beside another call on the same object; safe beside readers of
  /// the parent.
  Status Extend(const KvView& kv, Isa isa);
  /// Keys indexed, those of the parent included.
  size_t n_kv() const;
  /// Memory held, without the parent's.
  size_t bytes() const;

  struct State;
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// True where the chain needs a KeyIndex; two chains with equal IndexKey can share one.
bool NeedsIndex(const ChainConfig& chain);
std::string IndexKey(const ChainConfig& chain);

/// Working memory of one thread; grows to what the largest call needed, then allocates no more.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  struct Buffers;
  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

/// The mask of a call as CSR over rows ordered (query head, query); indices ascend in a row.
struct MaskRecord {
  std::vector<uint64_t> indptr;
  std::vector<uint32_t> indices;
  std::vector<float> probs;  ///< inclusion probability, (0, 1]
};

/// Sparse attention of one KV head's query group (exact semantics).
///
/// @param[in]  chain   no maskers: dense attention
/// @param[in]  input   see GroupInput
/// @param[in]  index   where NeedsIndex(chain): covers all keys of input.kv; else may be null
/// @param[out] output  row (head g, query i) of head_dim floats at g*out_head_stride +
/// i*out_query_stride
/// @param[out] stats   added to, not reset
/// @param[out] mask    appended to where not null
/// @return kInvalidShape, kInvalidArgument, kUnsupported (hub semantics)
///
/// A row that keeps no key attends its own last key. Safe from many threads with own scratches.
Status AttendGroup(const ChainConfig& chain, const GroupInput& input, const KeyIndex* index,
                   Isa isa, Scratch* scratch, float* output, size_t out_head_stride,
                   size_t out_query_stride, GroupStats* stats, MaskRecord* mask);

}  // namespace sparsetune
