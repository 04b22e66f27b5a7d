#include "llama/model.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace sparsetune::llama {
namespace {

constexpr int kMaxLayers = 4096;

/// What the probe pass saw of the attention nodes.
struct Probe {
  const LlamaApi* api = nullptr;
  uint32_t n_ctx = 0;
  size_t n_swa = 0;
  std::vector<LayerGeometry> layers;
  std::string refusal;
};

void Refuse(Probe* probe, const char* reason) {
  if (probe->refusal.empty()) probe->refusal = reason;
}

void ReadNode(const ggml_tensor* node, Probe* probe) {
  const ggml_tensor* q = node->src[0];
  const ggml_tensor* k = node->src[1];
  const ggml_tensor* v = node->src[2];
  const int layer = LayerOfAttentionNode(node);
  if (layer < 0 || layer >= kMaxLayers) {
    const bool is_copy = std::strstr(k->name, "cache_k_l") != nullptr;
    return Refuse(probe, is_copy ? "this GPU cannot run its attention: use 0 GPU layers"
                                 : "its attention does not read an ordinary KV cache");
  }
  float params[3];  // scale, ALiBi bias, soft cap: ggml.h, ggml_flash_attn_ext
  std::memcpy(params, node->op_params, sizeof(params));
  if (params[1] != 0.0F) return Refuse(probe, "it uses ALiBi position biases");
  if (params[2] != 0.0F) return Refuse(probe, "it caps attention scores (logit soft-capping)");
  if (node->src[4] != nullptr) return Refuse(probe, "it uses learned attention sinks");
  if (k->ne[0] != v->ne[0]) {
    return Refuse(probe, "its keys and values differ in width (multi-head latent attention)");
  }
  if (k->type != GGML_TYPE_F16 || v->type != GGML_TYPE_F16 || q->type != GGML_TYPE_F32) {
    return Refuse(probe, "its KV cache is not f16");
  }
  if (static_cast<size_t>(layer) >= probe->layers.size()) probe->layers.resize(layer + 1);
  LayerGeometry& geometry = probe->layers[layer];
  if (geometry.n_q_heads != 0) return Refuse(probe, "several of its layers share one KV cache");
  geometry.n_q_heads = static_cast<int32_t>(q->ne[2]);
  geometry.n_kv_heads = static_cast<int32_t>(k->ne[2]);
  geometry.head_dim = static_cast<int32_t>(k->ne[0]);
  geometry.scale = params[0];
  // The probe's context gives sliding-window layers a cache smaller than n_ctx.
  const ggml_tensor* cache = k->view_src == nullptr ? k : k->view_src;
  if (cache->ne[1] < static_cast<int64_t>(probe->n_ctx)) geometry.window = probe->n_swa;
}

bool OnProbeNode(ggml_tensor* node, bool ask, void* data) {
  if (ask && node->op == GGML_OP_FLASH_ATTN_EXT) ReadNode(node, static_cast<Probe*>(data));
  return false;
}

}  // namespace

int LayerOfAttentionNode(const ggml_tensor* node) {
  int layer = -1;
  if (node->src[1] == nullptr || sscanf(node->src[1]->name, "cache_k_l%d", &layer) != 1) return -1;
  return layer;
}

Model::Model(std::shared_ptr<const LlamaApi> api, const std::string& path,
             const ModelOptions& options)
    : api_(std::move(api)), options_(options), governor_(options.n_threads) {
  llama_model_params params = api_->llama_model_default_params();
  // Without layers for them, the GPUs that this build may know have no part in the graph.
  ggml_backend_dev_t no_devices[] = {nullptr};
  params.n_gpu_layers = options_.n_gpu_layers;
  if (options_.n_gpu_layers == 0) params.devices = no_devices;
  LlamaApi::TakeErrors();
  model_ = api_->llama_model_load_from_file(path.c_str(), params);
  if (model_ == nullptr) {
    const std::string where = options_.n_gpu_layers > 0 ? ", and does it fit the GPU" : "";
    throw EngineFailure("ERR_ENGINE", "llama.cpp could not load " + path +
                                          ": is it a GGUF file, complete, of a known architecture" +
                                          where + "? It said: " + LlamaApi::TakeErrors());
  }
  vocab_ = api_->llama_model_get_vocab(model_);
  try {
    RefuseUnsupported();
    ggml_threadpool_params pool;
    api_->ggml_threadpool_params_init(&pool, options_.n_threads);
    pool_ = api_->ggml_threadpool_new(&pool);
    if (pool_ == nullptr) throw EngineFailure("ERR_ENGINE", "Could not start the thread pool");
    ReadGeometry();
  } catch (...) {
    if (pool_ != nullptr) api_->ggml_threadpool_free(pool_);
    api_->llama_model_free(model_);
    throw;
  }
}

Model::~Model() {
  if (pool_ != nullptr) api_->ggml_threadpool_free(pool_);
  if (model_ != nullptr) api_->llama_model_free(model_);
}

void Model::RefuseUnsupported() const {
  const char* reason = nullptr;
  if (api_->llama_model_is_recurrent(model_)) reason = "it is recurrent: there is no KV cache";
  if (api_->llama_model_is_hybrid(model_)) reason = "it mixes attention with recurrent layers";
  if (api_->llama_model_is_diffusion(model_)) reason = "it is a diffusion model";
  if (api_->llama_model_has_encoder(model_)) reason = "it has an encoder";
  if (!api_->llama_model_has_decoder(model_)) reason = "it has no decoder";
  if (architecture() == "llama4") reason = "its layers attend in chunks";
  if (reason == nullptr) return;
  throw EngineFailure("ERR_MODEL_UNSUPPORTED",
                      "The architecture \"" + architecture() + "\" is not supported: " + reason);
}

void Model::ReadGeometry() {
  Probe probe;
  probe.api = api_.get();
  probe.n_swa = static_cast<size_t>(std::max(0, api_->llama_model_n_swa(model_)));
  // Twice the window and more, so that a windowed cache is visibly smaller than a full one.
  probe.n_ctx = static_cast<uint32_t>((2 * probe.n_swa + 1024 + 255) / 256 * 256);
  ContextOptions options;
  options.n_ctx = probe.n_ctx;
  options.n_ubatch = 8;
  options.swa_full = false;
  options.on_node = OnProbeNode;
  options.on_node_data = &probe;
  const ContextPtr context = NewContext(options);
  llama_batch batch = api_->llama_batch_init(1, 0, 1);
  batch.n_tokens = 1;
  batch.token[0] = 0;
  batch.pos[0] = 0;
  batch.n_seq_id[0] = 1;
  batch.seq_id[0][0] = 0;
  batch.logits[0] = 1;
  const int32_t result = Decode(context.get(), batch);
  api_->llama_batch_free(batch);
  if (result != 0) throw EngineFailure("ERR_ENGINE", "llama.cpp could not decode with this model");
  const auto n_layers = static_cast<size_t>(api_->llama_model_n_layer(model_));
  if (probe.refusal.empty() && probe.layers.size() != n_layers) {
    probe.refusal = "not all of its layers have ordinary attention";
  }
  for (const LayerGeometry& layer : probe.layers) {
    if (layer.n_q_heads == 0) Refuse(&probe, "not all of its layers have ordinary attention");
  }
  if (!probe.refusal.empty()) {
    throw EngineFailure("ERR_MODEL_UNSUPPORTED", "The architecture \"" + architecture() +
                                                     "\" is not supported: " + probe.refusal);
  }
  layers_ = std::move(probe.layers);
}

std::string Model::Meta(const std::string& key) const {
  char text[256];
  const int32_t n = api_->llama_model_meta_val_str(model_, key.c_str(), text, sizeof(text));
  return n < 0 ? std::string() : std::string(text);
}

std::string Model::architecture() const { return Meta("general.architecture"); }

std::string Model::description() const {
  char text[256];
  api_->llama_model_desc(model_, text, sizeof(text));
  return text;
}

std::string Model::chat_template() const {
  const char* text = api_->llama_model_chat_template(model_, nullptr);
  return text == nullptr ? std::string() : std::string(text);
}

std::vector<llama_token> Model::Tokenize(const std::string& text, bool parse_special) const {
  std::vector<llama_token> tokens(text.size() + 8);
  const auto size = static_cast<int32_t>(text.size());
  int32_t n = api_->llama_tokenize(vocab_, text.data(), size, tokens.data(),
                                   static_cast<int32_t>(tokens.size()), false, parse_special);
  if (n < 0) {
    tokens.resize(static_cast<size_t>(-n));
    n = api_->llama_tokenize(vocab_, text.data(), size, tokens.data(),
                             static_cast<int32_t>(tokens.size()), false, parse_special);
  }
  if (n < 0) throw EngineFailure("ERR_ENGINE", "llama.cpp could not tokenise the text");
  tokens.resize(static_cast<size_t>(n));
  return tokens;
}

std::string Model::Detokenize(const std::vector<llama_token>& tokens, bool special) const {
  std::string text(tokens.size() * 8 + 64, '\0');
  const auto n_tokens = static_cast<int32_t>(tokens.size());
  int32_t n = api_->llama_detokenize(vocab_, tokens.data(), n_tokens, text.data(),
                                     static_cast<int32_t>(text.size()), false, special);
  if (n < 0) {
    text.resize(static_cast<size_t>(-n));
    n = api_->llama_detokenize(vocab_, tokens.data(), n_tokens, text.data(),
                               static_cast<int32_t>(text.size()), false, special);
  }
  if (n < 0) throw EngineFailure("ERR_ENGINE", "llama.cpp could not turn tokens into text");
  text.resize(static_cast<size_t>(n));
  return text;
}

ContextPtr Model::NewContext(const ContextOptions& options) const {
  llama_context_params params = api_->llama_context_default_params();
  params.n_ctx = options.n_ctx;
  params.n_batch = options.n_ctx;
  params.n_ubatch = options.n_ubatch;
  params.n_seq_max = options.n_seq_max;
  params.n_outputs_max = options.n_outputs_max;
  params.n_threads = options_.n_threads;
  params.n_threads_batch = options_.n_threads;
  params.flash_attn_type =
      options.flash_attention ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.type_k = options.f16_kv ? GGML_TYPE_F16 : GGML_TYPE_F32;
  params.type_v = params.type_k;
  params.swa_full = options.swa_full;
  params.kv_unified = true;
  params.no_perf = true;
  params.offload_kqv = options_.n_gpu_layers > 0;
  params.op_offload = false;
  params.cb_eval = options.on_node;
  params.cb_eval_user_data = options.on_node_data;
  ContextPtr context(api_->llama_init_from_model(model_, params), ContextDeleter{api_});
  if (context == nullptr) {
    const std::string where = options_.n_gpu_layers > 0 ? " on the GPU" : "";
    throw EngineFailure("ERR_ENGINE", "llama.cpp could not make a context of " +
                                          std::to_string(options.n_ctx) +
                                          " tokens: is there enough memory" + where +
                                          "? It said: " + LlamaApi::TakeErrors());
  }
  api_->llama_attach_threadpool(context.get(), pool_, pool_);
  return context;
}

bool Model::IsHost(const ggml_tensor* tensor) const {
  const ggml_tensor* owner = tensor->view_src == nullptr ? tensor : tensor->view_src;
  return options_.host_memory_as.empty() && owner->buffer != nullptr &&
         api_->ggml_backend_buffer_is_host(owner->buffer);
}

std::string Model::MemoryOf(const ggml_tensor* tensor) const {
  if (!options_.host_memory_as.empty()) return options_.host_memory_as;
  const ggml_tensor* owner = tensor->view_src == nullptr ? tensor : tensor->view_src;
  if (owner->buffer == nullptr) return "nobody";
  return api_->ggml_backend_buffer_name(owner->buffer);
}

bool Model::IsAllOnGpu() const {
  // llama.cpp counts the output as one more layer.
  return !options_.host_memory_as.empty() ||
         static_cast<size_t>(options_.n_gpu_layers) > layers_.size();
}

int32_t Model::Decode(llama_context* context, const llama_batch& batch) const {
  api_->llama_set_n_threads(context, governor_.n_threads(), governor_.n_threads());
  governor_.Begin();
  const int32_t result = api_->llama_decode(context, batch);
  api_->llama_synchronize(context);
  // Threads that wait for a GPU are not kept waiting by other work.
  if (options_.n_gpu_layers == 0) governor_.End();
  return result;
}

}  // namespace sparsetune::llama
