#include <new>

#include "core/element.h"
#include "maskers/forward_exact.h"
#include "maskers/kv_cache.h"

namespace sparsetune {
namespace {

std::vector<float> ReadRows(const void* rows, Dtype dtype, size_t n) {
  std::vector<float> result(n);
  for (size_t i = 0; i < n; ++i) result[i] = ReadElement(rows, dtype, i);
  return result;
}

HubInput ReadHubInput(const ForwardInput& input, const KvCache& cache) {
  HubInput hub;
  hub.head_dim = cache.shape().head_dim;
  hub.n_kv = cache.n_kv();
  for (size_t head = 0; head < cache.shape().n_kv_heads; ++head) {
    const KvView view = cache.View(head);
    hub.keys.push_back(ReadRows(view.base.keys, view.dtype, hub.n_kv * hub.head_dim));
    hub.values.push_back(ReadRows(view.base.values, view.dtype, hub.n_kv * hub.head_dim));
  }
  hub.queries = input.queries;
  hub.n_q_heads = input.n_q_heads;
  hub.n_q = input.n_q;
  hub.scale = input.scale;
  hub.layer = input.layer;
  hub.given = input.given;
  return hub;
}

void ReadHubMask(const HubMask& mask, size_t n_rows, size_t n_kv, ForwardOutput* result) {
  result->mask.indptr.push_back(0);
  for (size_t row = 0; row < n_rows; ++row) {
    for (size_t j = 0; j < n_kv; ++j) {
      const float kept = mask.is_full ? 1.0f : mask.values[row * n_kv + j];
      if (kept == 0) continue;  // also in the empty mask, which attends all keys with density 0
      result->mask.indices.push_back(static_cast<uint32_t>(j));
      result->mask.probs.push_back(kept);
    }
    result->mask.indptr.push_back(result->mask.indices.size());
  }
  result->stats.attended = result->mask.indices.size();
  result->stats.visible = n_rows * n_kv;
  result->stats.rows = n_rows;
  result->stats.density_sum =
      static_cast<double>(result->stats.attended) / static_cast<double>(n_kv);
}

Status ForwardHub(const ForwardInput& input, KvCache* cache, ForwardOutput* result) {
  const HubInput hub = ReadHubInput(input, *cache);
  HubMask mask;
  const std::lock_guard<std::mutex> lock(cache->hub_mutex());
  HubCache* memory = cache->HubCacheOf(IndexKey(input.chain) + "/" + std::to_string(input.layer));
  const Status status = HubForward(input.chain, hub, memory, &mask, result->output.data());
  if (status != Status::kOk) return status;
  ReadHubMask(mask, hub.n_rows(), hub.n_kv, result);
  // Every score is computed, so every row is read for every query.
  result->stats.bytes_read = 2 * cache->shape().n_kv_heads * input.n_q * hub.n_kv * hub.head_dim *
                             DtypeBytes(cache->shape().dtype);
  if (!input.wants_mask) result->mask = {};
  return Status::kOk;
}

}  // namespace

Status KvCache::Forward(const ForwardInput& input, ForwardOutput* result) {
  if (input.n_q == 0 || input.n_q > n_kv()) return Status::kInvalidShape;
  if (input.n_q_heads == 0 || input.n_q_heads % shape().n_kv_heads != 0) {
    return Status::kInvalidShape;
  }
  try {
    result->output.resize(input.n_q_heads * input.n_q * shape().head_dim);
    if (input.chain.semantics == Semantics::kHub) return ForwardHub(input, this, result);
    return ForwardExact(input, this, result);
  } catch (const std::bad_alloc&) {
    return Status::kOutOfMemory;
  }
}

}  // namespace sparsetune
