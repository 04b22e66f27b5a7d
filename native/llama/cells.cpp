#include "llama/cells.h"

#include <cstring>

namespace sparsetune::llama {

HostRows CacheRows::Read(const Model& model, size_t n_cells, HostCopy* copy) const {
  const size_t size = (n_cells - 1) * cell_stride + cell_bytes;
  return {copy->Read(model, cache, offset, size), cell_stride, head_stride};
}

CacheRows RowsOf(const ggml_tensor* attention_node, int source) {
  const ggml_tensor* view = attention_node->src[source];
  if (view->type != GGML_TYPE_F16 || view->nb[0] != sizeof(ggml_fp16_t)) {
    throw EngineFailure("ERR_ENGINE", "The KV cache of llama.cpp is not in f16 rows");
  }
  CacheRows rows;
  rows.cache = view->view_src == nullptr ? view : view->view_src;
  rows.offset = view->view_offs;
  rows.cell_stride = view->nb[1];
  rows.head_stride = view->nb[2];
  rows.cell_bytes = static_cast<size_t>(view->ne[2] - 1) * view->nb[2] +
                    static_cast<size_t>(view->ne[0]) * view->nb[0];
  return rows;
}

bool IsKeyWrite(const ggml_tensor* node) {
  return node->op == GGML_OP_SET_ROWS && node->view_src != nullptr &&
         std::strncmp(node->view_src->name, "cache_k", 7) == 0;
}

bool WritesCellsInOrder(const Model& model, const ggml_tensor* key_write, size_t first) {
  const ggml_tensor* cells = key_write->src[1];
  HostCopy copy;
  const char* data = copy.Read(model, cells);
  for (int64_t i = 0; i < cells->ne[0]; ++i) {
    const int64_t cell = cells->type == GGML_TYPE_I64 ? reinterpret_cast<const int64_t*>(data)[i]
                                                      : reinterpret_cast<const int32_t*>(data)[i];
    if (cell != static_cast<int64_t>(first) + i) return false;
  }
  return true;
}

}  // namespace sparsetune::llama
