#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "llama/attention_hook.h"
#include "llama/log_probs.h"

namespace sparsetune::llama {

/// The next tokens of one stream, and what is wanted at their last positions.
struct DecodeItem {
  std::shared_ptr<DecodeStream> stream;
  std::vector<llama_token> tokens;   ///< appended to the stream's tail
  std::vector<llama_token> targets;  ///< of the last targets.size() positions; may be empty
  std::vector<int32_t> ids;          ///< [targets, n_ids]: look at these tokens; empty: the best
  size_t n_ids = 0;
  bool keep_logits = false;  ///< also return the whole rows of logits
  std::shared_ptr<QueryCapture> capture;
};

struct DecodeOutput {
  std::vector<PositionLogProbs> positions;  ///< one per target
  std::vector<float> logits;                ///< [targets, n_vocab] where kept
  RunStats stats;
};

/// Decodes many streams at once through one small llama.cpp context, whose own cache is emptied
/// before every batch: each stream attends to its snapshot and its tail through AttentionHook.
/// One thread at a time.
class Decoder {
 public:
  Decoder(std::shared_ptr<const Model> model, OverrideWay way, Isa isa);

  /// Runs all items, packed into batches in their order; a long item spans several. Streams whose
  /// item was run have its tokens in their tail afterwards.
  ///
  /// @param progress  called after every batch with the number of tokens done
  /// @return one output per item; empty if cancelled between two batches
  /// @throws EngineFailure ERR_ENGINE (also where two items share a stream), ERR_CAPACITY (a tail
  ///   is full)
  std::vector<DecodeOutput> Decode(const std::vector<DecodeItem>& items,
                                   const std::function<void(size_t)>& progress,
                                   const std::atomic<bool>& cancelled);

  /// Tokens of the largest batch.
  static constexpr size_t kBatchTokens = 512;

 private:
  /// A stretch of an item inside one batch.
  struct Chunk {
    size_t item = 0;
    size_t first = 0;  // token of the item
    size_t n = 0;
  };

  std::vector<Chunk> NextBatch(const std::vector<DecodeItem>& items, size_t* item,
                               size_t* token) const;
  void RunBatch(const std::vector<DecodeItem>& items, const std::vector<Chunk>& chunks,
                std::vector<DecodeOutput>* outputs);
  std::vector<RunStats> DecodeBatch(const std::vector<DecodeItem>& items,
                                    const std::vector<Chunk>& chunks);
  void FillBatch(const std::vector<DecodeItem>& items, const std::vector<Chunk>& chunks);
  void ReadOutputs(const std::vector<DecodeItem>& items, const std::vector<Chunk>& chunks,
                   std::vector<DecodeOutput>* outputs);

  struct BatchDeleter {
    std::shared_ptr<const Model> model;
    void operator()(llama_batch* batch) const;
  };

  std::shared_ptr<const Model> model_;
  size_t max_outputs_;
  AttentionHook hook_;
  ContextPtr context_;
  std::unique_ptr<llama_batch, BatchDeleter> batch_;
};

}  // namespace sparsetune::llama
