#pragma once

#include <cstddef>
#include <vector>

#include "llama/model.h"

namespace sparsetune::llama {

/// One tensor of llama.cpp for the CPU: its own bytes where they lie in host memory, else (a GPU
/// back end) a copy of them, made and given back through the back end. Keeps its memory for the
/// next tensor.
class HostCopy {
 public:
  /// The bytes [offset, offset + size) of `tensor`, which llama.cpp has computed. Valid until the
  /// next call.
  const char* Read(const Model& model, const ggml_tensor* tensor, size_t offset, size_t size);
  /// All bytes of `tensor`, with its strides, holes included.
  const char* Read(const Model& model, const ggml_tensor* tensor);

  /// Room for a new content of the whole of `tensor`, which Close then gives to it.
  char* Open(const Model& model, const ggml_tensor* tensor);
  void Close(const Model& model, ggml_tensor* tensor);

 private:
  char* Room(size_t size);

  std::vector<char> bytes_;
};

}  // namespace sparsetune::llama
