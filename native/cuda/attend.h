#pragma once

#include "core/status.h"
#include "cuda/rows.h"
#include "cuda/stream.h"

namespace sparsetune::cuda {

/// Rows to attend: listed ones, and ranges that no list repeats.
struct AttendRows {
  KvRows kv;
  KeyLists lists;
  KeyRanges ranges;
};

/// Softmaxes under way, one for each query head and split: the AttendState of the CPU kernels.
struct AttendPartials {
  size_t n_splits = 0;
  float* max = nullptr;     ///< [n_q_heads, n_splits] largest score + log weight
  float* sum = nullptr;     ///< [n_q_heads, n_splits] sum of exp(score + log weight - max)
  float* values = nullptr;  ///< [n_q_heads, n_splits, head_dim] the same times the value row
};

/// Splits for `n_rows` rows of each of `n_lists` lists, so that the blocks fill the device: enough
/// for two on each multiprocessor, none with fewer than 64 rows.
size_t AttendSplitCount(size_t n_rows, size_t n_lists, size_t n_multiprocessors);

/// Attention of one position (dense: ranges only; or masked), split over the rows.
///
/// Where a list serves a KV head, each key row and value row is read once for its whole group; a
/// row whose log weight is -infinity for every query of the group is read too.
///
/// @param[in]  scale     multiplies q.k before the softmax
/// @param[out] partials  all elements are written; a split without rows has max -infinity, sum 0
/// @return kInvalidShape, kUnsupported for a head_dim or group_size that is not built, kDevice
///
/// One launch, no synchronisation; n_splits * max(lists.n, n_kv_heads) blocks of 128 threads. Of a
/// listed row, an index and the log weights are read besides. Differs from an exact softmax as
/// AttendAdd of the CPU kernels does, with an exponential of relative error 2^-22 * (2 + |x|).
Status Attend(const Queries& queries, const AttendRows& rows, float scale,
              const AttendPartials& partials, Stream stream);

/// Joins the splits: output = sum of values / sum of sums, each at the common maximum.
///
/// @param[out] output    [n_q_heads, head_dim]; zeros for a query that attended nothing
/// @param[out] log_sums  [n_q_heads] ln of the sum of exp(score + log weight), or null
Status AttendMerge(const AttendPartials& partials, size_t n_q_heads, size_t head_dim, float* output,
                   float* log_sums, Stream stream);

}  // namespace sparsetune::cuda
