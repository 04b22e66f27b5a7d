#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "maskers/chain.h"

namespace sparsetune::llama {

/// The per-key indexes of one chain over one snapshot: [layer][kv head].
using SnapshotIndex = std::vector<std::vector<std::shared_ptr<const KeyIndex>>>;

/// Indexes of all snapshots of a model, the most recently used first, bounded in bytes: an index of
/// many hash tables is several times as large as the keys. What a stream uses lives as long as the
/// stream, whatever is evicted. Safe from several threads.
class IndexCache {
 public:
  explicit IndexCache(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// The index of a chain over the snapshot `owner`, or null.
  std::shared_ptr<const SnapshotIndex> Find(const void* owner, const std::string& key);
  void Add(const void* owner, const std::string& key, std::shared_ptr<const SnapshotIndex> index);
  /// Forgets all indexes of a snapshot; called when it dies.
  void Remove(const void* owner);

 private:
  struct Entry {
    const void* owner;
    std::string key;
    std::shared_ptr<const SnapshotIndex> index;
    size_t bytes;
  };

  std::mutex mutex_;
  size_t limit_bytes_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;
};

}  // namespace sparsetune::llama
