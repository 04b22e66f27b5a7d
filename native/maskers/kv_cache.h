#pragma once

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
#include "maskers/layer_cache.h"

namespace sparsetune {

/// Which indexes of a chain, and how to extend them.
struct IndexRequest {
  uint32_t layer = 0;
  Isa isa = Isa::kScalar;
  size_t n_threads = 1;  ///< at most; see ForwardInput
};

/// LayerCache on the CPU: rows [n_kv_heads][n_kv][head_dim].
class KvCache final : public LayerCache {
 public:
  using LayerCache::LayerCache;

  size_t bytes() const override;
  Status Append(const float* keys, const float* values, size_t n) override;
  Status FillRow(size_t kv_head, size_t row, bool keys, bool values, float value) override;
  /// By the semantics of the chain. With exact semantics on the threads of ThreadPool::Shared, and
  /// the same bit for bit on any number of them; hub semantics run on the caller alone.
  Status Forward(const ForwardInput& input, ForwardOutput* result) override;

  KvView View(size_t kv_head) const;

  /// The indexes of a chain at a layer, one a KV head, extended to all keys, several heads at once
  /// where that pays. Safe from many threads.
  ///
  /// @throws std::bad_alloc
  Status ExtendIndexes(const ChainConfig& chain, const IndexRequest& request,
                       std::vector<const KeyIndex*>* indexes);

  /// What the hub's maskers remember of earlier calls on this cache; use it under hub_mutex.
  HubCache* HubCacheOf(const std::string& key);
  std::mutex& hub_mutex() { return hub_mutex_; }

 private:
  void Grow(size_t rows);
  Status ExtendEach(const ChainConfig& chain, const IndexRequest& request,
                    const std::vector<std::unique_ptr<KeyIndex>>& of_heads) const;

  size_t allocated_ = 0;     ///< rows per head
  StreamMemory memory_;      ///< keys of all heads, then their values
  uint8_t* keys_ = nullptr;  ///< in memory_
  uint8_t* values_ = nullptr;
  std::mutex index_mutex_;
  std::map<std::string, std::vector<std::unique_ptr<KeyIndex>>> indexes_;
  std::mutex hub_mutex_;
  std::map<std::string, HubCache> hub_caches_;
};

}  // namespace sparsetune
