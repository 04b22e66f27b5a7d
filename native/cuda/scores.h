#pragma once

#include "core/status.h"
#include "cuda/rows.h"
#include "cuda/stream.h"

namespace sparsetune::cuda {

/// Dot products of the queries of a group with rows of keys: all rows of a range, or listed ones.
///
/// Where a list serves a KV head, or there is none, each key row is read once for its group.
///
/// @param[in]  kv      keys only
/// @param[in]  lists   rows to score in this order; without lists the rows [begin, begin + n)
/// @param[out] scores  [n_q_heads, stride]: score i of a row of the output is that of the ith row
/// @param[in]  n       rows, or the longest list
/// @param[in]  stride  at least n
/// @return as Attend
///
/// One launch. As the CPU's Scores: differs from an exact sum by at most head_dim * 2^-24 * sum
/// |q_i
/// * k_i|; a score does not depend on the other rows.
Status Scores(const Queries& queries, const KvRows& kv, const KeyLists& lists, size_t begin,
              size_t n, float* scores, size_t stride, Stream stream);

/// Bounds of pages of keys: per page the smallest element of each channel, then the largest.
struct PageBounds {
  void* bounds = nullptr;  ///< [n_kv_heads, stride, 2, head_dim], `dtype` of the keys
  size_t stride = 0;       ///< pages of a head that there is room for
  size_t page_size = 0;    ///< keys
};

/// Takes the keys [begin, end) into the bounds of their pages; a page that begins with one of them
/// starts anew.
///
/// Each key and each bound is read once. The same bits as the CPU's: among 16-bit elements -0 is
/// below +0, among floats they are equal.
Status PageBoundsExtend(const KvRows& kv, size_t begin, size_t end, const PageBounds& pages,
                        Stream stream);

/// Upper bounds of the scores that the keys of the pages [begin, begin + n) can have: sum over
/// channels of max(q min, q max). Each page is read once for a group. As Scores otherwise.
Status PageScores(const Queries& queries, const KvRows& kv, const PageBounds& pages, size_t begin,
                  size_t n, float* scores, size_t stride, Stream stream);

/// Keys with 8 bits an element, in the blocks of the CPU's QuantizedScores.
struct QuantizedKeys {
  const uint8_t* blocks = nullptr;  ///< [n_kv_heads, stride, QuantBlockBytes(head_dim)]
  size_t stride = 0;                ///< blocks of a head
  size_t head_dim = 0;              ///< a multiple of 4, at most 512
  size_t n_kv_heads = 0;
};

/// Scores of quantised queries with the blocks [0, n_blocks), as the CPU's QuantizedScores: the
/// same bits. Each byte of the keys is read once for a group of up to kMaxGroup heads.
///
/// @param[in]  codes  [n_q_heads, head_dim] of QuantizeQueries
Status QuantizedScores(const int8_t* codes, size_t group_size, const QuantizedKeys& keys,
                       size_t n_blocks, float* scores, size_t stride, Stream stream);

/// Quantises each query symmetrically by its largest magnitude, as the CPU's QuantizeQuery.
Status QuantizeQueries(const float* queries, size_t n, size_t head_dim, int8_t* codes,
                       Stream stream);

/// Writes the keys [begin, end) into blocks, as the CPU's QuantizeKey. A block that begins with one
/// of them is cleared first.
Status QuantizeKeys(const KvRows& kv, size_t begin, size_t end, uint8_t* blocks, size_t stride,
                    Stream stream);

}  // namespace sparsetune::cuda
