#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/kv_view.h"
#include "core/status.h"

namespace sparsetune {

/// Bounds of pages of keys: per page the smallest element of each channel, then the largest.
struct PageBounds {
  const void* bounds = nullptr;  ///< [n, 2, head_dim] row-major, `dtype` of the keys, finite
  Dtype dtype = Dtype::kF32;
  size_t head_dim = 0;  ///< at least 1
  size_t n = 0;         ///< may be 0
};

/// Upper bounds of the scores that a page's keys can have: sum over channels c of
/// max(q_c min_c, q_c max_c).
///
/// Each page is read once for the whole group: the two products of a channel differ in sign, so
/// that a query split by sign scores the pages as Scores scores keys.
///
/// @param[in]  queries    [n_queries] pointers to head_dim floats each, finite
/// @param[in]  n_queries  at least 1
/// @param[in]  pages      see PageBounds
/// @param[in]  isa        one that SupportsIsa
/// @param[out] room       [min(n_queries, 32), 2, head_dim] working memory
/// @param[out] scores     [n_queries, stride] row-major; the first pages.n of each row are written
/// @param[in]  stride     at least pages.n
/// @return kInvalidShape if a size is out of bounds; kUnsupported for an instruction set that is
///         not built; `scores` is then untouched
///
/// Cost: 4 * n_queries * head_dim FLOP per page; no allocation. Instruction sets differ from an
/// exact sum by at most head_dim * 2^-24 * the sum of the magnitudes of its terms.
/// Safe to call from several threads.
/// Source: Quest, arXiv:2406.10774.
Status PageScores(const float* const* queries, size_t n_queries, const PageBounds& pages, Isa isa,
                  float* room, float* scores, size_t stride);

}  // namespace sparsetune
