#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "core/kv_view.h"
#include "core/status.h"
#include "maskers/chain.h"
#include "maskers/hub/hub.h"

namespace sparsetune {

/// Attention of all query heads of one layer over a cache.
struct ForwardInput {
  ChainConfig chain;
  const float* queries = nullptr;  ///< [n_q_heads, n_q, head_dim], the last n_q positions; finite
  size_t n_q_heads = 0;            ///< a multiple of the cache's KV heads
  size_t n_q = 0;                  ///< 1..n_kv
  float scale = 0;
  uint32_t layer = 0;
  Isa isa = Isa::kScalar;
  bool wants_mask = false;
  size_t n_threads = 1;  ///< 1..1024, at most; a call too small to gain from them uses fewer
  HubGiven given;        ///< read where the chain has hub semantics
};

struct ForwardOutput {
  std::vector<float> output;  ///< [n_q_heads, n_q, head_dim]
  GroupStats stats;           ///< hub: visible counts all cells, bytes_read all rows of K and V
  MaskRecord mask;            ///< rows ordered (query head, query); empty unless wanted
};

/// Keys and values of all KV heads of one layer on some device, and what maskers remember about
/// them. Memory grows geometrically up to `capacity` rows per head.
class LayerCache {
 public:
  struct Shape {
    size_t n_kv_heads = 0;
    size_t head_dim = 0;
    Dtype dtype = Dtype::kF32;
    size_t capacity = 0;  ///< rows per head, a hard limit
  };

  explicit LayerCache(const Shape& shape) : shape_(shape) {}
  virtual ~LayerCache() = default;
  LayerCache(const LayerCache&) = delete;
  LayerCache& operator=(const LayerCache&) = delete;

  const Shape& shape() const { return shape_; }
  size_t n_kv() const { return n_kv_; }
  /// Memory of keys and values.
  virtual size_t bytes() const = 0;

  /// Appends n rows per head from [n_kv_heads, n, head_dim] row-major, finite (f16: at most 65504
  /// in magnitude, bf16: 3.389e38). kInvalidShape beyond the capacity, kOutOfMemory, kDevice; the
  /// cache is then unchanged.
  virtual Status Append(const float* keys, const float* values, size_t n) = 0;

  /// Overwrites one row of a head: evidence for tests that it is not read.
  virtual Status FillRow(size_t kv_head, size_t row, bool keys, bool values, float value) = 0;

  /// Runs a chain for every KV head.
  ///
  /// @return kInvalidShape, kInvalidArgument, kUnsupported, kOutOfMemory, kDevice; the keys are
  ///         unchanged in any case. Safe from many threads, beside no Append.
  virtual Status Forward(const ForwardInput& input, ForwardOutput* result) = 0;

  /// What the device said when a call of this thread last failed; may be empty.
  virtual std::string FailureText() const { return ""; }

  /// Calls under way on another thread; nothing may be appended meanwhile.
  std::atomic<int>& pending() { return pending_; }

 protected:
  size_t row_bytes() const { return shape_.head_dim * DtypeBytes(shape_.dtype); }
  /// Rows per head to make room for, so that `rows` fit and growth is geometric.
  size_t GrownRows(size_t rows, size_t allocated) const;

  size_t n_kv_ = 0;

 private:
  Shape shape_;
  std::atomic<int> pending_{0};
};

/// Stores [n_kv_heads, n, head_dim] floats as rows of `dtype`, those of head h from `memory` +
/// h * head_bytes on.
void StoreRows(const float* source, const LayerCache::Shape& shape, size_t n, size_t head_bytes,
               uint8_t* memory);

}  // namespace sparsetune
