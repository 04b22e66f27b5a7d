#include "llama/cells.h"

#include <cstring>

namespace sparsetune::llama {

CacheRows RowsOf(const LlamaApi& api, const ggml_tensor* attention_node, int source) {
  const ggml_tensor* view = attention_node->src[source];
  const ggml_tensor* cache = view->view_src == nullptr ? view : view->view_src;
  const bool is_host = cache->buffer != nullptr && api.ggml_backend_buffer_is_host(cache->buffer);
  if (!is_host || view->type != GGML_TYPE_F16 || view->nb[0] != sizeof(ggml_fp16_t)) {
    throw EngineFailure("ERR_ENGINE", "The KV cache of llama.cpp is not in f16 rows on the host");
  }
  return {static_cast<const char*>(view->data), view->nb[1], view->nb[2]};
}

bool IsKeyWrite(const ggml_tensor* node) {
  return node->op == GGML_OP_SET_ROWS && node->view_src != nullptr &&
         std::strncmp(node->view_src->name, "cache_k", 7) == 0;
}

bool WritesCellsInOrder(const ggml_tensor* key_write, size_t first) {
  const ggml_tensor* cells = key_write->src[1];
  for (int64_t i = 0; i < cells->ne[0]; ++i) {
    const int64_t cell = cells->type == GGML_TYPE_I64 ? static_cast<const int64_t*>(cells->data)[i]
                                                      : static_cast<const int32_t*>(cells->data)[i];
    if (cell != static_cast<int64_t>(first) + i) return false;
  }
  return true;
}

}  // namespace sparsetune::llama
