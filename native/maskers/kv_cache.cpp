#include "maskers/kv_cache.h"

#include <cstring>
#include <new>

#include "core/thread_pool.h"
#include "maskers/work.h"

namespace sparsetune {
namespace {

/// Between keys and values, so that the two streams of a head do not meet in the same DRAM banks.
constexpr size_t kSkewBytes = size_t{64} << 10;

}  // namespace

size_t KvCache::bytes() const { return 2 * shape().n_kv_heads * allocated_ * row_bytes(); }

KvView KvCache::View(size_t kv_head) const {
  const size_t offset = kv_head * allocated_ * row_bytes();
  KvView view;
  view.dtype = shape().dtype;
  view.head_dim = shape().head_dim;
  if (n_kv_ > 0) view.base = {keys_ + offset, values_ + offset, n_kv_};
  return view;
}

void KvCache::Grow(size_t rows) {
  const size_t wanted = GrownRows(rows, allocated_);
  const size_t head_bytes = wanted * row_bytes();
  const size_t cache_line = 64;
  const size_t key_bytes =
      (shape().n_kv_heads * head_bytes + cache_line - 1) / cache_line * cache_line;
  const size_t skew = key_bytes < kSkewBytes ? 0 : kSkewBytes;
  StreamMemory memory = AllocateStreamMemory(2 * key_bytes + skew);
  uint8_t* keys = memory.get();
  uint8_t* values = keys + key_bytes + skew;
  for (size_t head = 0; head < shape().n_kv_heads && n_kv_ > 0; ++head) {
    const size_t from = head * allocated_ * row_bytes();
    std::memcpy(keys + head * head_bytes, keys_ + from, n_kv_ * row_bytes());
    std::memcpy(values + head * head_bytes, values_ + from, n_kv_ * row_bytes());
  }
  memory_ = std::move(memory);
  keys_ = keys;
  values_ = values;
  allocated_ = wanted;
}

Status KvCache::Append(const float* keys, const float* values, size_t n) {
  if (n > shape().capacity - n_kv_) return Status::kInvalidShape;
  try {
    if (n_kv_ + n > allocated_) Grow(n_kv_ + n);
  } catch (const std::bad_alloc&) {
    return Status::kOutOfMemory;
  }
  const size_t head_bytes = allocated_ * row_bytes();
  const size_t offset = n_kv_ * row_bytes();
  StoreRows(keys, shape(), n, head_bytes, keys_ + offset);
  StoreRows(values, shape(), n, head_bytes, values_ + offset);
  n_kv_ += n;
  return Status::kOk;
}

Status KvCache::FillRow(size_t kv_head, size_t row, bool keys, bool values, float value) {
  const std::vector<float> filled(shape().head_dim, value);
  const Shape one_head = {1, shape().head_dim, shape().dtype, 1};
  const size_t offset = (kv_head * allocated_ + row) * row_bytes();
  if (keys) StoreRows(filled.data(), one_head, 1, row_bytes(), keys_ + offset);
  if (values) StoreRows(filled.data(), one_head, 1, row_bytes(), values_ + offset);
  return Status::kOk;
}

Status KvCache::ExtendIndexes(const ChainConfig& chain, const IndexRequest& request,
                              std::vector<const KeyIndex*>* indexes) {
  indexes->assign(shape().n_kv_heads, nullptr);
  if (!NeedsIndex(chain)) return Status::kOk;
  const std::lock_guard<std::mutex> lock(index_mutex_);
  auto& of_heads = indexes_[IndexKey(chain) + "/" + std::to_string(request.layer)];
  of_heads.resize(shape().n_kv_heads);
  for (size_t head = 0; head < shape().n_kv_heads; ++head) {
    if (of_heads[head] == nullptr) {
      of_heads[head] = std::make_unique<KeyIndex>(chain, request.layer, shape().head_dim,
                                                  HeadPlace{head, shape().n_kv_heads});
    }
    (*indexes)[head] = of_heads[head].get();
  }
  return ExtendEach(chain, request, of_heads);
}

Status KvCache::ExtendEach(const ChainConfig& chain, const IndexRequest& request,
                           const std::vector<std::unique_ptr<KeyIndex>>& of_heads) const {
  size_t n_new = 0;
  for (const auto& index : of_heads) n_new += n_kv_ - index->n_kv();
  if (n_new == 0) return Status::kOk;
  const WorkShape work = {n_kv_, shape().head_dim, row_bytes(), 1};
  const double bytes = IndexBytes(chain, work) * static_cast<double>(n_new);
  std::vector<Status> statuses(of_heads.size(), Status::kOk);
  ThreadPool::Shared().ForEach(of_heads.size(), WorthwhileThreads(bytes, request.n_threads),
                               [&](size_t head, size_t) {
                                 statuses[head] = of_heads[head]->Extend(View(head), request.isa);
                               });
  for (const Status status : statuses) {
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

HubCache* KvCache::HubCacheOf(const std::string& key) { return &hub_caches_[key]; }

}  // namespace sparsetune
