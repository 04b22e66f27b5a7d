#pragma once

#include <cstddef>

#include "llama/llama_api.h"

namespace sparsetune::llama {

/// Keys or values of one layer in llama.cpp's own cache, f16: row (cell, kv head) of head_dim
/// elements starts at data + cell * cell_stride + kv_head * head_stride (bytes).
struct CacheRows {
  const char* data = nullptr;
  size_t cell_stride = 0;
  size_t head_stride = 0;

  const char* Row(size_t cell, size_t kv_head) const {
    return data + cell * cell_stride + kv_head * head_stride;
  }
};

/// Reads where the rows behind source 1 (keys) or 2 (values) of an attention node lie.
///
/// @throws EngineFailure ERR_ENGINE where they are not host memory in f16 rows
CacheRows RowsOf(const LlamaApi& api, const ggml_tensor* attention_node, int source);

/// True where `node` writes keys into the cache (a SET_ROWS on a "cache_k..." tensor).
bool IsKeyWrite(const ggml_tensor* node);

/// True where the batch columns 0..n-1 of a key write go to the cells first, first + 1, ...: the
/// order that capture and decode rely on.
bool WritesCellsInOrder(const ggml_tensor* key_write, size_t first);

}  // namespace sparsetune::llama
