#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "llama/cells.h"
#include "llama/kv_snapshot.h"
#include "llama/model.h"

namespace sparsetune::llama {

/// Runs a context dense through llama.cpp's own attention, once, and copies its K and V of every
/// layer out of llama.cpp's cache. Keeps its context, as large as the longest prompt, for the next. One thread at a time.
class Prefiller {
 public:
  explicit Prefiller(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  /// @param progress  called after every block with the tokens done; from this thread
  /// @param cancelled  polled between blocks
  /// @return the payload of a KvSnapshot over `tokens`, in `payload` (resized); false if cancelled
  /// @throws EngineFailure ERR_ENGINE
  bool Run(const std::vector<llama_token>& tokens, const std::function<void(size_t)>& progress,
           const std::atomic<bool>& cancelled, std::vector<uint8_t>* payload);

 private:
  struct LayerRows {
    CacheRows keys;
    CacheRows values;
  };

  static bool OnNode(ggml_tensor* node, bool ask, void* self);
  void NoteNode(const ggml_tensor* node);
  void EnsureContext(size_t n_tokens);
  void DecodeBlock(const std::vector<llama_token>& tokens, size_t from, size_t n);
  void CopyOut(size_t n_tokens, std::vector<uint8_t>* payload) const;

  std::shared_ptr<const Model> model_;
  ContextPtr context_;
  size_t n_ctx_ = 0;
  std::vector<LayerRows> rows_;
  size_t first_cell_ = 0;
  std::string failure_;
};

}  // namespace sparsetune::llama
