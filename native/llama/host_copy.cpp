#include "llama/host_copy.h"

namespace sparsetune::llama {

const char* HostCopy::Read(const Model& model, const ggml_tensor* tensor, size_t offset,
                           size_t size) {
  if (model.IsHost(tensor)) return static_cast<const char*>(tensor->data) + offset;
  char* copy = Room(size);
  model.api().ggml_backend_tensor_get(tensor, copy, offset, size);
  return copy;
}

const char* HostCopy::Read(const Model& model, const ggml_tensor* tensor) {
  return Read(model, tensor, 0, model.api().ggml_nbytes(tensor));
}

char* HostCopy::Open(const Model& model, const ggml_tensor* tensor) {
  if (model.IsHost(tensor)) return static_cast<char*>(tensor->data);
  return Room(model.api().ggml_nbytes(tensor));
}

void HostCopy::Close(const Model& model, ggml_tensor* tensor) {
  if (model.IsHost(tensor)) return;
  const LlamaApi& api = model.api();
  api.ggml_backend_tensor_set(tensor, bytes_.data(), 0, api.ggml_nbytes(tensor));
}

char* HostCopy::Room(size_t size) {
  if (bytes_.size() < size) bytes_.resize(size);
  return bytes_.data();
}

}  // namespace sparsetune::llama
