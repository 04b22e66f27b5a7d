#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "maskers/chain.h"
#include "maskers/hub/hub.h"
#include "maskers/kv_cache.h"

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

/// Runs the chain for every KV head, by its semantics.
///
/// With exact semantics on the threads of ThreadPool::Shared, and the same bit for bit on any
/// number of them; hub semantics run on the caller alone.
///
/// @return kInvalidShape, kInvalidArgument, kUnsupported, kOutOfMemory; the cache's keys are
///         unchanged in any case. Safe from many threads on one cache, beside no Append.
Status Forward(const ForwardInput& input, KvCache* cache, ForwardOutput* result);

}  // namespace sparsetune
