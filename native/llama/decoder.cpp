#include "llama/decoder.h"

#include <algorithm>
#include <unordered_set>

namespace sparsetune::llama {
namespace {

constexpr size_t kMaxRuns = 64;
// Logits of one batch may take this much; llama.cpp reserves it up front.
constexpr size_t kMaxLogitBytes = size_t{128} << 20;

/// First token of the item whose position is an output.
size_t FirstOutput(const DecodeItem& item) { return item.tokens.size() - item.targets.size(); }

size_t OutputsIn(const DecodeItem& item, size_t first, size_t n) {
  const size_t from = std::max(first, FirstOutput(item));
  const size_t to = first + n;
  return to > from ? to - from : 0;
}

}  // namespace

void Decoder::BatchDeleter::operator()(llama_batch* batch) const {
  model->api().llama_batch_free(*batch);
  delete batch;
}

Decoder::Decoder(std::shared_ptr<const Model> model, OverrideWay way, Isa isa)
    : model_(std::move(model)),
      max_outputs_(std::clamp<size_t>(
          kMaxLogitBytes / (sizeof(float) * static_cast<size_t>(model_->n_vocab())), 32,
          kBatchTokens)),
      hook_(model_, way, isa),
      batch_(new llama_batch(model_->api().llama_batch_init(kBatchTokens, 0, 1)),
             BatchDeleter{model_}) {
  ContextOptions options;
  options.n_ctx = kBatchTokens;
  options.n_ubatch = kBatchTokens;
  options.n_seq_max = kMaxRuns;
  options.n_outputs_max = static_cast<uint32_t>(max_outputs_);
  options.on_node = AttentionHook::OnNode;
  options.on_node_data = &hook_;
  context_ = model_->NewContext(options);
}

std::vector<Decoder::Chunk> Decoder::NextBatch(const std::vector<DecodeItem>& items, size_t* item,
                                               size_t* token) const {
  std::vector<Chunk> chunks;
  size_t free_tokens = kBatchTokens;
  size_t free_outputs = max_outputs_;
  while (*item < items.size() && chunks.size() < kMaxRuns && free_tokens > 0) {
    const size_t left = items[*item].tokens.size() - *token;
    size_t n = std::min(left, free_tokens);
    while (n > 0 && OutputsIn(items[*item], *token, n) > free_outputs) --n;
    // An item that fits into a batch of its own is not torn apart.
    const bool is_torn = n < left;
    if (n == 0 || (is_torn && !chunks.empty() && left <= kBatchTokens)) break;
    chunks.push_back({*item, *token, n});
    free_tokens -= n;
    free_outputs -= OutputsIn(items[*item], *token, n);
    *token += n;
    if (is_torn) break;
    ++*item;
    *token = 0;
  }
  return chunks;
}

std::vector<DecodeOutput> Decoder::Decode(const std::vector<DecodeItem>& items,
                                          const std::function<void(size_t)>& progress,
                                          const std::atomic<bool>& cancelled) {
  std::unordered_set<const DecodeStream*> streams;
  for (const DecodeItem& item : items) {
    if (!streams.insert(item.stream.get()).second) {
      throw EngineFailure("ERR_ENGINE", "A stream can go on only once in a call");
    }
    if (item.tokens.empty() || item.targets.size() > item.tokens.size()) {
      throw EngineFailure("ERR_ENGINE", "An item needs tokens, and no more targets than tokens");
    }
    if (item.stream->n_tail() + item.tokens.size() > item.stream->capacity()) {
      throw EngineFailure("ERR_CAPACITY", "The stream has no room for the new tokens");
    }
  }
  std::vector<DecodeOutput> outputs(items.size());
  size_t item = 0;
  size_t token = 0;
  size_t n_done = 0;
  while (item < items.size()) {
    if (cancelled) return {};
    const std::vector<Chunk> chunks = NextBatch(items, &item, &token);
    RunBatch(items, chunks, &outputs);
    for (const Chunk& chunk : chunks) n_done += chunk.n;
    progress(n_done);
  }
  return outputs;
}

void Decoder::RunBatch(const std::vector<DecodeItem>& items, const std::vector<Chunk>& chunks,
                       std::vector<DecodeOutput>* outputs) {
  try {
    const std::vector<RunStats> stats = DecodeBatch(items, chunks);
    for (size_t i = 0; i < chunks.size(); ++i) {
      items[chunks[i].item].stream->Commit(chunks[i].n);
      (*outputs)[chunks[i].item].stats.Add(stats[i]);
    }
  } catch (...) {
    for (const Chunk& chunk : chunks) items[chunk.item].stream->ForgetUncommitted();
    throw;
  }
  ReadOutputs(items, chunks, outputs);
}

std::vector<RunStats> Decoder::DecodeBatch(const std::vector<DecodeItem>& items,
                                           const std::vector<Chunk>& chunks) {
  const LlamaApi& api = model_->api();
  std::vector<BatchRun> runs;
  size_t column = 0;
  for (const Chunk& chunk : chunks) {
    const DecodeItem& item = items[chunk.item];
    runs.push_back({item.stream.get(), column, chunk.n, item.capture.get()});
    column += chunk.n;
  }
  FillBatch(items, chunks);
  hook_.Begin(std::move(runs));
  api.llama_memory_clear(api.llama_get_memory(context_.get()), false);
  const int32_t result = model_->Decode(context_.get(), *batch_);
  const std::vector<RunStats> stats = hook_.Finish();
  if (result != 0) {
    throw EngineFailure("ERR_ENGINE",
                        "llama.cpp failed to decode (code " + std::to_string(result) + ")");
  }
  return stats;
}

void Decoder::FillBatch(const std::vector<DecodeItem>& items, const std::vector<Chunk>& chunks) {
  llama_batch& batch = *batch_;
  batch.n_tokens = 0;
  for (size_t run = 0; run < chunks.size(); ++run) {
    const DecodeItem& item = items[chunks[run].item];
    const size_t first_position = item.stream->n_context() + item.stream->n_tail();
    for (size_t i = 0; i < chunks[run].n; ++i) {
      const int32_t column = batch.n_tokens++;
      const size_t token = chunks[run].first + i;
      batch.token[column] = item.tokens[token];
      batch.pos[column] = static_cast<llama_pos>(first_position + i);
      batch.n_seq_id[column] = 1;
      batch.seq_id[column][0] = static_cast<llama_seq_id>(run);
      batch.logits[column] = static_cast<int8_t>(token >= FirstOutput(item));
    }
  }
}

void Decoder::ReadOutputs(const std::vector<DecodeItem>& items, const std::vector<Chunk>& chunks,
                          std::vector<DecodeOutput>* outputs) {
  const auto n_vocab = static_cast<size_t>(model_->n_vocab());
  int32_t column = 0;
  for (const Chunk& chunk : chunks) {
    const DecodeItem& item = items[chunk.item];
    DecodeOutput& output = (*outputs)[chunk.item];
    for (size_t i = 0; i < chunk.n; ++i, ++column) {
      const size_t token = chunk.first + i;
      if (token < FirstOutput(item)) continue;
      const size_t target = token - FirstOutput(item);
      const float* logits = model_->api().llama_get_logits_ith(context_.get(), column);
      const int32_t* ids = item.ids.empty() ? nullptr : item.ids.data() + target * item.n_ids;
      output.positions.push_back(
          LogProbsOf(logits, n_vocab, item.targets[target], ids, item.n_ids));
      if (item.keep_logits) output.logits.insert(output.logits.end(), logits, logits + n_vocab);
    }
  }
}

}  // namespace sparsetune::llama
