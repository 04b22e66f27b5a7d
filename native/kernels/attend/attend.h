#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/kv_view.h"
#include "core/status.h"

namespace sparsetune {

/// Queries that attend the same rows of one KV head: its group, or the group at several positions.
struct AttendQueries {
  const float* const* rows = nullptr;  ///< [n] pointers to head_dim floats each, finite
  size_t n = 0;                        ///< at least 1
  size_t head_dim = 0;                 ///< at least 1
  float scale = 0;                     ///< multiplies q.k before the softmax
};

/// Rows of keys and values to attend.
struct AttendRows {
  /// [*, head_dim] row-major, `dtype`, finite; null where the scores are known: `log_weights` then
  /// hold scale * q.k as well
  const void* keys = nullptr;
  const void* values = nullptr;  ///< [*, head_dim] row-major, `dtype`, finite
  Dtype dtype = Dtype::kF32;
  const uint32_t* indices = nullptr;  ///< [n] rows to attend, in this order; null: rows 0..n-1
  size_t n = 0;                       ///< may be 0
  /// [queries.n, weight_stride]: ln of the factor of exp(score) per query and row, or null where
  /// all factors are 1. A key kept with inclusion probability p has -ln(p); -infinity: not
  /// attended.
  const float* log_weights = nullptr;
  size_t weight_stride = 0;  ///< at least n where log_weights is given
};

/// A softmax under way, for each query; on the caller's memory. Rows can be added in any number of
/// calls and in any order.
struct AttendState {
  float* max = nullptr;     ///< [n] largest score + log weight so far
  float* sum = nullptr;     ///< [n] sum of exp(score + log weight - max)
  float* values = nullptr;  ///< [n, head_dim] sum of exp(score + log weight - max) * value row
};

/// Makes `state` that of `n` queries that attended nothing yet.
void AttendBegin(size_t n, size_t head_dim, AttendState* state);

/// Adds rows to the softmax of each query (dense or masked attention, log-sum-exp in one pass).
///
/// Each key row (but of known scores) and value row is read once for all queries, up to 32 of them
/// at a time (fewer where head_dim is above 256); a row whose log weight is -infinity for every
/// query is read too, so leave it out of the list.
///
/// @param[in]     queries  see AttendQueries
/// @param[in]     rows     see AttendRows
/// @param[in]     isa      one that SupportsIsa
/// @param[in,out] state    of AttendBegin
/// @return kInvalidShape if a size is out of bounds or neither keys nor log weights are given,
///         kUnsupported if this instruction set is not built; `state` is then untouched
///
/// Cost: 4 * head_dim FLOP and an exponential per query and row; no allocation, about 46 KiB of
/// stack. Where head_dim is above 8192 the scalar version does the work. The result differs
/// from an exact softmax by at most about (head_dim + 8) * 2^-24 * max |scale * q.k| relative to
/// the largest value (float sums in any order, exponential within 2 ulp). Safe to call from several
/// threads with own states.
Status AttendAdd(const AttendQueries& queries, const AttendRows& rows, Isa isa, AttendState* state);

/// Writes output[i] = values[i] / sum[i]; a query that attended nothing gets zeros.
void AttendEnd(const AttendState& state, size_t n, size_t head_dim, float* const* output);

}  // namespace sparsetune
