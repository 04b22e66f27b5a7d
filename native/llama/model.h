#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "llama/llama_api.h"
#include "llama/thread_governor.h"

namespace sparsetune::llama {

/// The attention of one layer, as its graph node says.
struct LayerGeometry {
  int32_t n_q_heads = 0;
  int32_t n_kv_heads = 0;
  int32_t head_dim = 0;
  float scale = 0;    ///< multiplies q.k before the softmax
  size_t window = 0;  ///< sliding window in keys; 0: full attention
};

/// Frees through the function table it was made with.
struct ContextDeleter {
  std::shared_ptr<const LlamaApi> api;
  void operator()(llama_context* context) const { api->llama_free(context); }
};
using ContextPtr = std::unique_ptr<llama_context, ContextDeleter>;

/// What a context of llama.cpp is made for.
struct ContextOptions {
  uint32_t n_ctx = 512;
  uint32_t n_ubatch = 512;
  uint32_t n_seq_max = 1;
  uint32_t n_outputs_max = 1;
  bool flash_attention = true;
  bool f16_kv = true;
  bool swa_full = true;
  ggml_backend_sched_eval_callback on_node = nullptr;
  void* on_node_data = nullptr;
};

/// How a model is loaded.
struct ModelOptions {
  int32_t n_threads = 1;     ///< of the pool, the caller's included; at least 1
  int32_t n_gpu_layers = 0;  ///< layers on the GPUs of llama.cpp, with their keys and values
  /// Where not empty: host memory is taken for the memory of a GPU that has this name, so that what
  /// is done with one can be tested anywhere.
  std::string host_memory_as;
};

/// A GGUF model and the thread pool its contexts share. Reading is safe from several threads;
/// contexts must be used one at a time, since they share the pool.
class Model {
 public:
  /// @throws EngineFailure ERR_ENGINE (the file), ERR_MODEL_UNSUPPORTED (the architecture, by name)
  Model(std::shared_ptr<const LlamaApi> api, const std::string& path, const ModelOptions& options);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const LlamaApi& api() const { return *api_; }
  const std::vector<LayerGeometry>& layers() const { return layers_; }
  int32_t n_vocab() const { return api_->llama_vocab_n_tokens(vocab_); }
  /// Tokens that begin and end a text, -1 where the model has none; whether it wants the first one.
  int32_t bos() const { return api_->llama_vocab_bos(vocab_); }
  int32_t eos() const { return api_->llama_vocab_eos(vocab_); }
  bool adds_bos() const { return api_->llama_vocab_get_add_bos(vocab_); }
  bool IsEndOfGeneration(int32_t token) const { return api_->llama_vocab_is_eog(vocab_, token); }
  int32_t n_threads() const { return options_.n_threads; }
  int32_t n_ctx_train() const { return api_->llama_model_n_ctx_train(model_); }
  std::string description() const;
  std::string architecture() const;
  /// The model's chat template (Jinja), empty where it has none.
  std::string chat_template() const;

  /// @throws EngineFailure ERR_ENGINE where text cannot be tokenised
  std::vector<llama_token> Tokenize(const std::string& text, bool parse_special) const;
  std::string Detokenize(const std::vector<llama_token>& tokens, bool special) const;

  /// Whether the CPU may read and write the bytes of a tensor where they lie.
  bool IsHost(const ggml_tensor* tensor) const;
  /// What llama.cpp calls the memory of a tensor: "CPU", "CUDA0", ...
  std::string MemoryOf(const ggml_tensor* tensor) const;
  /// Whether some layers may be in the memory of a GPU; whether all are.
  /// Whether host memory is taken for that memory, for tests.
  bool TakesHostMemoryFor(const std::string& memory) const {
    return options_.host_memory_as == memory;
  }
  bool UsesGpu() const { return options_.n_gpu_layers > 0 || !options_.host_memory_as.empty(); }
  bool IsAllOnGpu() const;

  /// A context with the model's thread pool attached.
  ///
  /// @throws EngineFailure ERR_ENGINE, most often for want of memory
  ContextPtr NewContext(const ContextOptions& options) const;

  /// llama_decode and its end, on as many threads as the governor allows; the result of
  /// llama_decode.
  int32_t Decode(llama_context* context, const llama_batch& batch) const;
  /// Batches in which other work kept the pool's threads waiting.
  int64_t n_starved() const { return governor_.n_starved(); }

 private:
  void RefuseUnsupported() const;
  void ReadGeometry();
  std::string Meta(const std::string& key) const;

  std::shared_ptr<const LlamaApi> api_;
  llama_model* model_ = nullptr;
  const llama_vocab* vocab_ = nullptr;
  ModelOptions options_;
  ggml_threadpool_t pool_ = nullptr;
  std::vector<LayerGeometry> layers_;
  mutable ThreadGovernor governor_;  // used by one decode at a time, as the pool is
};

/// The layer of an attention node, from the name of its key view ("cache_k_l12 ..."); -1 if none.
int LayerOfAttentionNode(const ggml_tensor* node);

}  // namespace sparsetune::llama
