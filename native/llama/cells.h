#pragma once

#include <cstddef>

#include "llama/host_copy.h"

namespace sparsetune::llama {

/// Keys or values of one layer for the CPU, f16: row (cell, kv head) of head_dim elements starts at
/// data + cell * cell_stride + kv_head * head_stride (bytes).
struct HostRows {
  const char* data = nullptr;
  size_t cell_stride = 0;
  size_t head_stride = 0;

  const char* Row(size_t cell, size_t kv_head) const {
    return data + cell * cell_stride + kv_head * head_stride;
  }
};

/// Where keys or values of one layer lie in llama.cpp's own cache, f16, on whatever device. Valid
/// as long as the context.
struct CacheRows {
  const ggml_tensor* cache = nullptr;
  size_t offset = 0;  ///< of cell 0 and KV head 0, in bytes, as are the strides
  size_t cell_stride = 0;
  size_t head_stride = 0;
  size_t cell_bytes = 0;  ///< from the first byte of a cell to its last, all heads

  /// The first `n_cells` cells, at least one; `copy` holds them where they are not in host memory.
  HostRows Read(const Model& model, size_t n_cells, HostCopy* copy) const;
};

/// Reads where the rows behind source 1 (keys) or 2 (values) of an attention node lie.
///
/// @throws EngineFailure ERR_ENGINE where they are not f16 rows
CacheRows RowsOf(const ggml_tensor* attention_node, int source);

/// True where `node` writes keys into the cache (a SET_ROWS on a "cache_k..." tensor).
bool IsKeyWrite(const ggml_tensor* node);

/// True where the batch columns 0..n-1 of a key write go to the cells first, first + 1, ...: the
/// order that capture and decode rely on.
bool WritesCellsInOrder(const Model& model, const ggml_tensor* key_write, size_t first);

}  // namespace sparsetune::llama
