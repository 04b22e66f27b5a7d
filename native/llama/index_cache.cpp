#include "llama/index_cache.h"

#include <algorithm>

namespace sparsetune::llama {
namespace {

size_t BytesOf(const SnapshotIndex& index) {
  size_t bytes = 0;
  for (const auto& layer : index) {
    for (const auto& keys : layer) bytes += keys == nullptr ? 0 : keys->bytes();
  }
  return bytes;
}

}  // namespace

std::shared_ptr<const SnapshotIndex> IndexCache::Find(const void* owner, const std::string& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.owner == owner && entry.key == key;
  });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->index;
}

void IndexCache::Add(const void* owner, const std::string& key,
                     std::shared_ptr<const SnapshotIndex> index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t bytes = BytesOf(*index);
  entries_.push_front({owner, key, std::move(index), bytes});
  bytes_ += bytes;
  while (bytes_ > limit_bytes_ && entries_.size() > 1) {
    bytes_ -= entries_.back().bytes;
    entries_.pop_back();
  }
}

void IndexCache::Remove(const void* owner) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->owner == owner) {
      bytes_ -= entry->bytes;
      entry = entries_.erase(entry);
    } else {
      ++entry;
    }
  }
}

}  // namespace sparsetune::llama
