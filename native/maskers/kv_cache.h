#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/kv_view.h"
#include "core/status.h"
#include "core/stream_memory.h"
#include "maskers/chain.h"
#include "maskers/hub/hub.h"

namespace sparsetune {

/// Which indexes of a chain, and how to extend them.
struct IndexRequest {
  uint32_t layer = 0;
  Isa isa = Isa::kScalar;
  size_t n_threads = 1;  ///< at most; see ForwardInput
};

/// Keys and values of all KV heads of one layer, rows [n_kv_heads][n_kv][head_dim], and what
/// maskers remember about them. Memory grows geometrically up to `capacity` rows per head.
class KvCache {
 public:
  struct Shape {
    size_t n_kv_heads = 0;
    size_t head_dim = 0;
    Dtype dtype = Dtype::kF32;
    size_t capacity = 0;  ///< rows per head, a hard limit
  };

  explicit KvCache(const Shape& shape) : shape_(shape) {}

  const Shape& shape() const { return shape_; }
  size_t n_kv() const { return n_kv_; }
  size_t bytes() const;
  KvView View(size_t kv_head) const;

  /// Appends n rows per head from [n_kv_heads, n, head_dim] row-major, finite (f16: at most 65504
  /// in magnitude, bf16: 3.389e38). kInvalidShape beyond the capacity, kOutOfMemory; the cache is
  /// then unchanged.
  Status Append(const float* keys, const float* values, size_t n);

  /// Overwrites one row of a head: evidence for tests that it is not read.
  void FillRow(size_t kv_head, size_t row, bool keys, bool values, float value);

  /// The indexes of a chain at a layer, one a KV head, extended to all keys, several heads at once
  /// where that pays. Safe from many threads.
  ///
  /// @throws std::bad_alloc
  Status ExtendIndexes(const ChainConfig& chain, const IndexRequest& request,
                       std::vector<const KeyIndex*>* indexes);

  /// What the hub's maskers remember of earlier calls on this cache; use it under hub_mutex.
  HubCache* HubCacheOf(const std::string& key);
  std::mutex& hub_mutex() { return hub_mutex_; }

  /// Calls under way on another thread; nothing may be appended meanwhile.
  std::atomic<int>& pending() { return pending_; }

 private:
  void Grow(size_t rows);
  size_t row_bytes() const { return shape_.head_dim * DtypeBytes(shape_.dtype); }
  void WriteRows(const float* source, size_t n, uint8_t* memory);
  Status ExtendEach(const ChainConfig& chain, const IndexRequest& request,
                    const std::vector<std::unique_ptr<KeyIndex>>& of_heads) const;

  Shape shape_;
  size_t n_kv_ = 0;
  size_t allocated_ = 0;     ///< rows per head
  StreamMemory memory_;      ///< keys of all heads, then their values
  uint8_t* keys_ = nullptr;  ///< in memory_
  uint8_t* values_ = nullptr;
  std::mutex index_mutex_;
  std::map<std::string, std::vector<std::unique_ptr<KeyIndex>>> indexes_;
  std::mutex hub_mutex_;
  std::map<std::string, HubCache> hub_caches_;
  std::atomic<int> pending_{0};
};

}  // namespace sparsetune
