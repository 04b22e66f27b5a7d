#include "llama/plain_decode.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace sparsetune::llama {
namespace {

constexpr size_t kBlockTokens = 512;

struct BatchDeleter {
  const LlamaApi* api;
  void operator()(llama_batch* batch) const {
    api->llama_batch_free(*batch);
    delete batch;
  }
};

/// Feeds the tokens [from, from + n) of sequence 0 and asks for the logits of the last.
void Feed(const LlamaApi& api, llama_context* context, llama_batch* batch,
          const std::vector<llama_token>& tokens, size_t from, size_t n) {
  batch->n_tokens = static_cast<int32_t>(n);
  for (size_t i = 0; i < n; ++i) {
    batch->token[i] = tokens[from + i];
    batch->pos[i] = static_cast<llama_pos>(from + i);
    batch->n_seq_id[i] = 1;
    batch->seq_id[i][0] = 0;
    batch->logits[i] = static_cast<int8_t>(i + 1 == n);
  }
  if (api.llama_decode(context, *batch) != 0) {
    throw EngineFailure("ERR_ENGINE", "llama.cpp failed to decode");
  }
  api.llama_synchronize(context);
}

void ForEachStep(const Model& model, const std::vector<llama_token>& tokens, size_t n_steps,
                 const PlainDecodeOptions& options,
                 const std::function<void(llama_context*, double)>& on_step) {
  if (n_steps == 0 || tokens.size() <= n_steps) {
    throw EngineFailure("ERR_ENGINE",
                        "A plain decode needs at least one prompt token and one step");
  }
  const LlamaApi& api = model.api();
  ContextOptions context_options;
  context_options.n_ctx = static_cast<uint32_t>((tokens.size() + 255) / 256 * 256);
  context_options.flash_attention = options.flash_attention;
  context_options.f16_kv = options.f16_kv;
  const ContextPtr context = model.NewContext(context_options);
  const std::unique_ptr<llama_batch, BatchDeleter> batch(
      new llama_batch(api.llama_batch_init(kBlockTokens, 0, 1)), BatchDeleter{&api});
  const size_t n_prompt = tokens.size() - n_steps;
  for (size_t from = 0; from < n_prompt; from += kBlockTokens) {
    Feed(api, context.get(), batch.get(), tokens, from, std::min(kBlockTokens, n_prompt - from));
  }
  for (size_t step = 0; step < n_steps; ++step) {
    if (options.empty_cache) api.llama_memory_clear(api.llama_get_memory(context.get()), false);
    const auto start = std::chrono::steady_clock::now();
    Feed(api, context.get(), batch.get(), tokens, n_prompt + step, 1);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    on_step(context.get(), elapsed.count());
  }
}

}  // namespace

std::vector<float> PlainDecode(const Model& model, const std::vector<llama_token>& tokens,
                               size_t n_steps, const PlainDecodeOptions& options) {
  std::vector<float> logits;
  ForEachStep(model, tokens, n_steps, options, [&](llama_context* context, double) {
    const float* row = model.api().llama_get_logits_ith(context, 0);
    logits.insert(logits.end(), row, row + model.n_vocab());
  });
  return logits;
}

double PlainDecodeSeconds(const Model& model, const std::vector<llama_token>& tokens,
                          size_t n_steps, const PlainDecodeOptions& options) {
  std::vector<double> seconds;
  ForEachStep(model, tokens, n_steps, options,
              [&](llama_context*, double elapsed) { seconds.push_back(elapsed); });
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

}  // namespace sparsetune::llama
