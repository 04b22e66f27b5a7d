#pragma once

#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>
#include <llama.h>

#include <memory>
#include <string>
#include <vector>

#include "llama/engine_failure.h"

namespace sparsetune::llama {

/// Where the libraries of one llama.cpp build lie: a folder and the names inside it. Names differ
/// between builds because llama.cpp puts its release (and the GPU variant) into them.
struct LibraryPaths {
  std::string folder;
  std::string ggml_base;
  std::string ggml;
  std::string llama;
};

/// What a device computes with, as llama.cpp names it ("CUDA0", "Vulkan0", "CPU").
struct Device {
  std::string name;
  std::string description;
  bool is_gpu = false;
};

/// What a build says of itself, and the devices that it can use here.
struct LlamaBuild {
  std::string llama_version;
  std::string ggml_version;
  std::string ggml_commit;
  std::vector<Device> devices;
};

// Every function that is called, by the library that exports it.
#define SPARSETUNE_GGML_BASE_FUNCTIONS(X) \
  X(ggml_version)                         \
  X(ggml_commit)                          \
  X(ggml_custom_4d)                       \
  X(ggml_free)                            \
  X(ggml_init)                            \
  X(ggml_nbytes)                          \
  X(ggml_new_tensor_1d)                   \
  X(ggml_backend_buffer_is_host)          \
  X(ggml_backend_buffer_name)             \
  X(ggml_backend_dev_description)         \
  X(ggml_backend_dev_name)                \
  X(ggml_backend_dev_type)                \
  X(ggml_backend_reg_get_proc_address)    \
  X(ggml_backend_tensor_get)              \
  X(ggml_backend_tensor_set)              \
  X(ggml_threadpool_params_init)

#define SPARSETUNE_GGML_FUNCTIONS(X) \
  X(ggml_backend_dev_count)          \
  X(ggml_backend_dev_get)            \
  X(ggml_backend_load_all_from_path) \
  X(ggml_backend_reg_by_name)        \
  X(ggml_backend_reg_count)

#define SPARSETUNE_LLAMA_FUNCTIONS(X)    \
  X(llama_attach_threadpool)             \
  X(llama_batch_free)                    \
  X(llama_batch_init)                    \
  X(llama_context_default_params)        \
  X(llama_decode)                        \
  X(llama_detokenize)                    \
  X(llama_free)                          \
  X(llama_get_logits_ith)                \
  X(llama_get_memory)                    \
  X(llama_init_from_model)               \
  X(llama_log_set)                       \
  X(llama_memory_clear)                  \
  X(llama_model_chat_template)           \
  X(llama_model_default_params)          \
  X(llama_model_desc)                    \
  X(llama_model_free)                    \
  X(llama_model_get_vocab)               \
  X(llama_model_has_decoder)             \
  X(llama_model_has_encoder)             \
  X(llama_model_is_diffusion)            \
  X(llama_model_is_hybrid)               \
  X(llama_model_is_recurrent)            \
  X(llama_model_load_from_file)          \
  X(llama_model_meta_val_str)            \
  X(llama_model_n_ctx_train)             \
  X(llama_model_n_embd)                  \
  X(llama_model_n_head)                  \
  X(llama_model_n_head_kv)               \
  X(llama_model_n_layer)                 \
  X(llama_model_n_swa)                   \
  X(llama_model_quantize)                \
  X(llama_model_quantize_default_params) \
  X(llama_set_n_threads)                 \
  X(llama_synchronize)                   \
  X(llama_tokenize)                      \
  X(llama_version)                       \
  X(llama_vocab_bos)                     \
  X(llama_vocab_eos)                     \
  X(llama_vocab_get_add_bos)             \
  X(llama_vocab_is_eog)                  \
  X(llama_vocab_n_tokens)

/// The function table of one loaded llama.cpp. There is no link-time dependency: everything goes
/// through these pointers. Immutable after Load; shared by all models of the process.
class LlamaApi {
 public:
  /// Opens the libraries by path and registers the back ends that lie beside them (unless another
  /// user of the same libraries in this process has done so). A GPU back end that cannot be loaded
  /// here, for want of a driver, is left out.
  ///
  /// @throws EngineFailure ERR_LLAMA_LOAD naming the file or function that is missing
  static std::shared_ptr<const LlamaApi> Load(const LibraryPaths& paths);

  LlamaBuild build() const;
  std::vector<Device> devices() const;

  /// What llama.cpp has reported as errors since the last call, in this process; for messages.
  static std::string TakeErrors();

// NOLINTNEXTLINE(bugprone-macro-parentheses): `name` is declared here, not used as a value.
#define SPARSETUNE_DECLARE(name) decltype(&::name) name = nullptr;
  SPARSETUNE_GGML_BASE_FUNCTIONS(SPARSETUNE_DECLARE)
  SPARSETUNE_GGML_FUNCTIONS(SPARSETUNE_DECLARE)
  SPARSETUNE_LLAMA_FUNCTIONS(SPARSETUNE_DECLARE)
#undef SPARSETUNE_DECLARE

  /// From the CPU back end, where the thread pool lives.
  decltype(&::ggml_threadpool_new) ggml_threadpool_new = nullptr;
  decltype(&::ggml_threadpool_free) ggml_threadpool_free = nullptr;
};

}  // namespace sparsetune::llama
