#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kv_view.h"

namespace sparsetune::cuda {

// Pointers are to device memory unless said otherwise.

/// Head dimensions that kernels are built for.
inline constexpr size_t kHeadDims[] = {64, 80, 96, 128, 256};
inline constexpr size_t kMaxGroup = 8;

/// Keys and values of all KV heads of a layer.
struct KvRows {
  const void* keys = nullptr;    ///< row r of head h begins at element h*head_stride + r*row_stride
  const void* values = nullptr;  ///< as keys
  Dtype dtype = Dtype::kF16;
  size_t head_dim = 0;     ///< one of kHeadDims
  size_t n_kv_heads = 0;   ///< at least 1
  size_t row_stride = 0;   ///< in elements; rows begin at multiples of 16 bytes
  size_t head_stride = 0;  ///< in elements
};

/// Queries of one position: heads of a group one after another.
struct Queries {
  const float* rows = nullptr;  ///< [n_kv_heads * group_size, head_dim], finite, 16-byte aligned
  size_t group_size = 0;        ///< 1..kMaxGroup
};

/// Rows that lists name, one list a KV head or one a query head.
struct KeyLists {
  const uint32_t* indices = nullptr;  ///< [n, stride], ascending for good sectors; null: no lists
  const uint32_t* counts = nullptr;   ///< [n] at most stride; the kernels read them on the device
  size_t n = 0;                       ///< n_kv_heads or n_kv_heads * group_size
  size_t stride = 0;
  /// [n_kv_heads * group_size, stride]: ln of the factor of exp(score) per query and row, or null
  /// where all are 1. -infinity: this query does not attend the row.
  const float* log_weights = nullptr;
};

/// Rows that every query attends: [0, sink_end) and [local_begin, n_visible).
struct KeyRanges {
  size_t sink_end = 0;
  size_t local_begin = 0;
  size_t n_visible = 0;
};

}  // namespace sparsetune::cuda
