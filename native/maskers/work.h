#pragma once

#include <cstddef>

#include "maskers/config.h"

namespace sparsetune {

/// One KV head of a call.
struct WorkShape {
  size_t n_kv = 0;
  size_t head_dim = 0;
  size_t row_bytes = 0;  ///< of a key or a value
  size_t group_size = 0;
};

/// A guess of the bytes that one query position of a group reads, to decide whether threads pay.
/// Work that reads little and computes much counts as the bytes that stream in the same time.
double QueryBytes(const ChainConfig& chain, const WorkShape& shape);

/// The same for indexing one key.
double IndexBytes(const ChainConfig& chain, const WorkShape& shape);

/// Threads, at most n_threads, that are no slower than fewer: enough bytes in all to outweigh the
/// waking, and enough for each. At least 1.
size_t WorthwhileThreads(double bytes, size_t n_threads);

}  // namespace sparsetune
