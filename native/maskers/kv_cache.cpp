#include "maskers/kv_cache.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/f16.h"

namespace sparsetune {
namespace {

constexpr size_t kFirstRows = 64;
constexpr std::align_val_t kAlignment{64};

void WriteRow(const float* source, size_t head_dim, Dtype dtype, uint8_t* row) {
  if (dtype == Dtype::kF32) {
    std::memcpy(row, source, head_dim * sizeof(float));
    return;
  }
  auto* halves = reinterpret_cast<uint16_t*>(row);
  for (size_t i = 0; i < head_dim; ++i) halves[i] = FloatToHalf(source[i]);
}

}  // namespace

void KvCache::Free::operator()(uint8_t* memory) const { ::operator delete(memory, kAlignment); }

KvCache::Memory KvCache::Allocate(size_t bytes) {
  return Memory(static_cast<uint8_t*>(::operator new(bytes, kAlignment)));
}

size_t KvCache::bytes() const { return 2 * shape_.n_kv_heads * allocated_ * row_bytes(); }

KvView KvCache::View(size_t kv_head) const {
  const size_t offset = kv_head * allocated_ * row_bytes();
  KvView view;
  view.dtype = shape_.dtype;
  view.head_dim = shape_.head_dim;
  if (n_kv_ > 0) view.base = {keys_.get() + offset, values_.get() + offset, n_kv_};
  return view;
}

void KvCache::Grow(size_t rows) {
  const size_t doubled = std::max(kFirstRows, 2 * allocated_);
  const size_t wanted = std::min(std::max(rows, doubled), shape_.capacity);
  const size_t head_bytes = wanted * row_bytes();
  Memory keys = Allocate(shape_.n_kv_heads * head_bytes);
  Memory values = Allocate(shape_.n_kv_heads * head_bytes);
  for (size_t head = 0; head < shape_.n_kv_heads && n_kv_ > 0; ++head) {
    const size_t from = head * allocated_ * row_bytes();
    std::memcpy(keys.get() + head * head_bytes, keys_.get() + from, n_kv_ * row_bytes());
    std::memcpy(values.get() + head * head_bytes, values_.get() + from, n_kv_ * row_bytes());
  }
  keys_ = std::move(keys);
  values_ = std::move(values);
  allocated_ = wanted;
}

void KvCache::WriteRows(const float* source, size_t n, uint8_t* memory) {
  for (size_t head = 0; head < shape_.n_kv_heads; ++head) {
    for (size_t i = 0; i < n; ++i) {
      WriteRow(source + (head * n + i) * shape_.head_dim, shape_.head_dim, shape_.dtype,
               memory + (head * allocated_ + n_kv_ + i) * row_bytes());
    }
  }
}

Status KvCache::Append(const float* keys, const float* values, size_t n) {
  if (n > shape_.capacity - n_kv_) return Status::kInvalidShape;
  try {
    if (n_kv_ + n > allocated_) Grow(n_kv_ + n);
  } catch (const std::bad_alloc&) {
    return Status::kOutOfMemory;
  }
  WriteRows(keys, n, keys_.get());
  WriteRows(values, n, values_.get());
  n_kv_ += n;
  return Status::kOk;
}

void KvCache::FillRow(size_t kv_head, size_t row, bool keys, bool values, float value) {
  const std::vector<float> filled(shape_.head_dim, value);
  const size_t offset = (kv_head * allocated_ + row) * row_bytes();
  if (keys) WriteRow(filled.data(), shape_.head_dim, shape_.dtype, keys_.get() + offset);
  if (values) WriteRow(filled.data(), shape_.head_dim, shape_.dtype, values_.get() + offset);
}

Status KvCache::ExtendIndexes(const ChainConfig& chain, uint32_t layer, Isa isa,
                              std::vector<const KeyIndex*>* indexes) {
  indexes->assign(shape_.n_kv_heads, nullptr);
  if (!NeedsIndex(chain)) return Status::kOk;
  const std::lock_guard<std::mutex> lock(index_mutex_);
  auto& of_heads = indexes_[IndexKey(chain) + "/" + std::to_string(layer)];
  of_heads.resize(shape_.n_kv_heads);
  for (size_t head = 0; head < shape_.n_kv_heads; ++head) {
    if (of_heads[head] == nullptr) {
      of_heads[head] = std::make_unique<KeyIndex>(chain, layer, shape_.head_dim,
                                                  HeadPlace{head, shape_.n_kv_heads});
    }
    const Status status = of_heads[head]->Extend(View(head), isa);
    if (status != Status::kOk) return status;
    (*indexes)[head] = of_heads[head].get();
  }
  return Status::kOk;
}

HubCache* KvCache::HubCacheOf(const std::string& key) { return &hub_caches_[key]; }

}  // namespace sparsetune
