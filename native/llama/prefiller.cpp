#include "llama/prefiller.h"

#include <algorithm>
#include <cstring>

namespace sparsetune::llama {
namespace {

constexpr size_t kBlockTokens = 512;

void CopyRows(const HostRows& rows, const LayerGeometry& layer, size_t n_tokens, uint8_t** out) {
  const size_t row_bytes = static_cast<size_t>(layer.head_dim) * 2;
  for (size_t head = 0; head < static_cast<size_t>(layer.n_kv_heads); ++head) {
    for (size_t cell = 0; cell < n_tokens; ++cell) {
      std::memcpy(*out, rows.Row(cell, head), row_bytes);
      *out += row_bytes;
    }
  }
}

}  // namespace

bool Prefiller::OnNode(ggml_tensor* node, bool ask, void* self) {
  if (ask) static_cast<Prefiller*>(self)->NoteNode(node);
  return false;
}

void Prefiller::NoteNode(const ggml_tensor* node) {
  // Called from C: nothing may be thrown through it.
  try {
    if (IsKeyWrite(node) && !WritesCellsInOrder(*model_, node, first_cell_)) {
      failure_ = "llama.cpp did not store the prompt's keys in order";
    }
    if (node->op != GGML_OP_FLASH_ATTN_EXT) return;
    const int layer = LayerOfAttentionNode(node);
    if (layer < 0 || static_cast<size_t>(layer) >= rows_.size()) return;
    rows_[layer] = {RowsOf(node, 1), RowsOf(node, 2)};
  } catch (const std::exception& error) {
    failure_ = error.what();
  }
}

void Prefiller::EnsureContext(size_t n_tokens) {
  if (context_ != nullptr && n_ctx_ >= n_tokens) return;
  context_.reset();
  ContextOptions options;
  n_ctx_ = (n_tokens + 255) / 256 * 256;
  options.n_ctx = static_cast<uint32_t>(n_ctx_);
  options.n_ubatch = kBlockTokens;
  options.on_node = OnNode;
  options.on_node_data = this;
  context_ = model_->NewContext(options);
}

void Prefiller::DecodeBlock(const std::vector<llama_token>& tokens, size_t from, size_t n) {
  const LlamaApi& api = model_->api();
  llama_batch batch = api.llama_batch_init(static_cast<int32_t>(n), 0, 1);
  batch.n_tokens = static_cast<int32_t>(n);
  for (size_t i = 0; i < n; ++i) {
    batch.token[i] = tokens[from + i];
    batch.pos[i] = static_cast<llama_pos>(from + i);
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = static_cast<int8_t>(i + 1 == n);
  }
  first_cell_ = from;
  const int32_t result = model_->Decode(context_.get(), batch);
  api.llama_batch_free(batch);
  if (result != 0 && failure_.empty()) {
    failure_ = "llama.cpp failed to prefill (code " + std::to_string(result) + ")";
  }
  if (!failure_.empty()) throw EngineFailure("ERR_ENGINE", failure_);
}

bool Prefiller::Run(const std::vector<llama_token>& tokens,
                    const std::function<void(size_t)>& progress, const std::atomic<bool>& cancelled,
                    std::vector<uint8_t>* payload) {
  EnsureContext(tokens.size());
  const LlamaApi& api = model_->api();
  api.llama_memory_clear(api.llama_get_memory(context_.get()), false);
  rows_.assign(model_->layers().size(), {});
  failure_.clear();
  for (size_t from = 0; from < tokens.size(); from += kBlockTokens) {
    if (cancelled) return false;
    const size_t n = std::min(kBlockTokens, tokens.size() - from);
    DecodeBlock(tokens, from, n);
    progress(from + n);
  }
  CopyOut(tokens.size(), payload);
  return true;
}

void Prefiller::CopyOut(size_t n_tokens, std::vector<uint8_t>* payload) const {
  const std::vector<LayerGeometry>& layers = model_->layers();
  payload->resize(KvSnapshot::PayloadBytes(layers, n_tokens));
  uint8_t* out = payload->data();
  HostCopy copy;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    if (rows_[layer].keys.cache == nullptr) {
      throw EngineFailure("ERR_ENGINE", "No keys were seen for layer " + std::to_string(layer));
    }
    for (const CacheRows& rows : {rows_[layer].keys, rows_[layer].values}) {
      CopyRows(rows.Read(*model_, n_tokens, &copy), layers[layer], n_tokens, &out);
    }
  }
}

}  // namespace sparsetune::llama
