#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/kv_view.h"
#include "core/status.h"

namespace sparsetune {

/// Rows of keys to score.
struct ScoreRows {
  const void* keys = nullptr;  ///< [*, head_dim] row-major, `dtype`, finite
  Dtype dtype = Dtype::kF32;
  size_t head_dim = 0;                ///< at least 1
  const uint32_t* indices = nullptr;  ///< [n] rows to score, in this order; null: rows 0..n-1
  size_t n = 0;                       ///< may be 0
};

/// Dot products of a query group with rows of keys: scores[g][r] = queries[g] . keys[row r].
///
/// Each key row is read once for the whole group, up to 32 queries at a time (fewer where head_dim
/// is above 256).
///
/// @param[in]  queries    [n_queries] pointers to head_dim floats each, finite
/// @param[in]  n_queries  at least 1
/// @param[in]  rows       see ScoreRows
/// @param[in]  isa        one that SupportsIsa
/// @param[out] scores     [n_queries, stride] row-major; the first rows.n of each row are written
/// @param[in]  stride     at least rows.n
/// @return kInvalidShape if a size is out of bounds, kUnsupported if this instruction set is not
///         built; `scores` is then untouched
///
/// Cost: 2 * n_queries * head_dim FLOP per row; no allocation, about 33 KiB of stack. Where
/// head_dim is above 8192 the scalar version does the work. Instruction sets differ from an exact
/// sum by at most head_dim * 2^-24 * sum |q_i * k_i| (float sums in another order); on one
/// instruction set a score does not depend on the other rows or queries of the call.
/// Safe to call from several threads.
Status Scores(const float* const* queries, size_t n_queries, const ScoreRows& rows, Isa isa,
              float* scores, size_t stride);

}  // namespace sparsetune
