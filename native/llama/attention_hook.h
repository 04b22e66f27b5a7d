#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "llama/batch_run.h"
#include "llama/device_attention.h"

namespace sparsetune::llama {

/// How the attention of a decode is replaced. A node of a GPU back end is replaced in either way.
enum class OverrideWay : uint8_t {
  kInGraph,  ///< the node becomes a custom node: our code on ggml's threads
  kReplace,  ///< llama.cpp computes the node, then its result is overwritten
  kNone,     ///< llama.cpp's own attention over its emptied cache: a control, wrong on purpose
};

/// The attention of a decode context: recognises the attention nodes of llama.cpp's graph and runs
/// ours in their place, over each stream's own keys. Never throws through C: a failure is kept and
/// thrown by Finish.
///
/// Where a node is in host memory, ours runs on the CPU. Where it is in that of a GPU, ours runs
/// there if DeviceAttention can; else on the CPU: its queries and the new keys and values are
/// copied to the host, and the result is copied back (NodeCopies).
class AttentionHook {
 public:
  AttentionHook(std::shared_ptr<const Model> model, OverrideWay way, Isa isa);

  /// The callback for ContextOptions::on_node, with this hook as its data.
  static bool OnNode(ggml_tensor* node, bool ask, void* self);

  /// Announces the runs of the next llama_decode.
  ///
  /// @throws EngineFailure ERR_ENGINE where an index cannot be built
  void Begin(std::vector<BatchRun> runs);

  /// Statistics per run of the decode that just ended.
  ///
  /// @throws EngineFailure the first failure inside the decode
  std::vector<RunStats> Finish();

 private:
  struct LayerSlot {
    AttentionHook* hook = nullptr;
    size_t layer = 0;
    float scale = 0;
    std::atomic<size_t> next_item{0};
  };

  /// What an attention node reads and writes, for the CPU; its own strides hold.
  struct NodeMemory {
    const ggml_tensor* node = nullptr;
    const std::vector<size_t>* runs = nullptr;  // those that are attended here
    const char* queries = nullptr;              // [head_dim, n_tokens, n_q_heads]
    HostRows keys;                              // the new ones: cell = column of the batch
    HostRows values;
    char* output = nullptr;  // [head_dim, n_q_heads, n_tokens]
  };
  struct NodeCopies {
    HostCopy queries;
    HostCopy keys;
    HostCopy values;
    HostCopy output;
  };

  static void RunCustom(ggml_tensor* node, int thread, int n_threads, void* slot);
  bool Ask(ggml_tensor* node);
  LayerSlot* SlotOf(const ggml_tensor* node);
  bool IsHost(const ggml_tensor* node) const;
  void TurnIntoCustom(ggml_tensor* node, LayerSlot* slot) const;
  void Replace(ggml_tensor* node, LayerSlot* slot);
  void ReplaceOnHost(ggml_tensor* node, LayerSlot* slot, const std::vector<size_t>& runs);
  void ReplaceOnDevice(const ggml_tensor* node, const LayerSlot& slot, size_t run);
  NodeMemory MemoryOf(const ggml_tensor* node, const std::vector<size_t>& runs,
                      NodeCopies* copies) const;
  void RunItems(const NodeMemory& memory, LayerSlot* slot, size_t thread);
  Status RunItem(const NodeMemory& memory, const LayerSlot& slot, const BatchRun& run,
                 size_t kv_head, size_t thread, RunStats* stats);
  void Fail(const std::string& message, const char* code = "ERR_ENGINE");

  std::shared_ptr<const Model> model_;
  OverrideWay way_;
  Isa isa_;
  const ChainConfig dense_;  // for windowed layers
  std::vector<std::unique_ptr<LayerSlot>> slots_;
  NodeCopies copies_;
  DeviceAttention device_;
  std::vector<Scratch> scratch_;              // per thread
  std::vector<std::vector<RunStats>> stats_;  // [thread][run]
  std::vector<BatchRun> runs_;
  std::vector<size_t> all_runs_;  // 0, 1, ...
  std::atomic<size_t> items_done_{0};
  std::atomic<bool> failed_{false};
  std::string failure_;
  const char* failure_code_ = "ERR_ENGINE";
};

}  // namespace sparsetune::llama
