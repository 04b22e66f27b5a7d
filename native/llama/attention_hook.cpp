#include "llama/attention_hook.h"

#include <chrono>
#include <cstring>
#include <numeric>

#include "core/thread_pool.h"

namespace sparsetune::llama {
namespace {

double Seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

AttentionHook::AttentionHook(std::shared_ptr<const Model> model, OverrideWay way, Isa isa)
    : model_(std::move(model)), way_(way), isa_(isa), device_(model_) {
  for (size_t layer = 0; layer < model_->layers().size(); ++layer) {
    slots_.push_back(std::make_unique<LayerSlot>());
    slots_.back()->hook = this;
    slots_.back()->layer = layer;
    slots_.back()->scale = model_->layers()[layer].scale;
  }
  const auto n_threads = static_cast<size_t>(model_->n_threads());
  scratch_.resize(n_threads);
  stats_.resize(n_threads);
}

bool AttentionHook::OnNode(ggml_tensor* node, bool ask, void* self) {
  auto* hook = static_cast<AttentionHook*>(self);
  try {
    if (ask) return hook->Ask(node);
    LayerSlot* slot = hook->SlotOf(node);
    if (slot != nullptr) hook->Replace(node, slot);
  } catch (const EngineFailure& failure) {
    hook->Fail(failure.what(), failure.code());
  } catch (const std::exception& error) {
    hook->Fail(error.what());
  }
  return !ask;
}

bool AttentionHook::Ask(ggml_tensor* node) {
  if (way_ == OverrideWay::kNone) return false;
  if (IsKeyWrite(node) && !WritesCellsInOrder(*model_, node, 0)) {
    Fail("llama.cpp did not store the batch's keys in order");
  }
  if (node->op != GGML_OP_FLASH_ATTN_EXT) return false;
  LayerSlot* slot = SlotOf(node);
  if (slot == nullptr) {
    Fail("llama.cpp's graph has an attention node of an unknown layer");
    return false;
  }
  // Where all layers should be on a GPU, no index of the CPU is ready for a custom node.
  const bool is_host = IsHost(node) && !model_->IsAllOnGpu();
  if (way_ == OverrideWay::kReplace || !is_host) return true;
  TurnIntoCustom(node, slot);
  return false;
}

AttentionHook::LayerSlot* AttentionHook::SlotOf(const ggml_tensor* node) {
  const int layer = LayerOfAttentionNode(node);
  if (layer < 0 || static_cast<size_t>(layer) >= slots_.size()) return nullptr;
  return slots_[static_cast<size_t>(layer)].get();
}

bool AttentionHook::IsHost(const ggml_tensor* node) const {
  return model_->IsHost(node) && model_->IsHost(node->src[0]) && model_->IsHost(node->src[1]) &&
         model_->IsHost(node->src[2]);
}

// A graph that llama.cpp reuses keeps its custom nodes, so this runs once per built graph. The
// parameters come from a node made by the public constructor; their layout is not ours to know.
void AttentionHook::TurnIntoCustom(ggml_tensor* node, LayerSlot* slot) const {
  const LlamaApi& api = model_->api();
  alignas(16) char memory[8192];
  ggml_context* context = api.ggml_init({sizeof(memory), memory, true});
  ggml_tensor* argument = api.ggml_new_tensor_1d(context, GGML_TYPE_F32, 1);
  const ggml_tensor* custom = api.ggml_custom_4d(context, GGML_TYPE_F32, 1, 1, 1, 1, &argument, 1,
                                                 RunCustom, GGML_N_TASKS_MAX, slot);
  node->op = GGML_OP_CUSTOM;
  std::memcpy(node->op_params, custom->op_params, sizeof(node->op_params));
  api.ggml_free(context);
}

void AttentionHook::RunCustom(ggml_tensor* node, int thread, int, void* slot) {
  auto* layer = static_cast<LayerSlot*>(slot);
  AttentionHook* hook = layer->hook;
  NodeCopies none;  // all of the node is in host memory
  try {
    const NodeMemory memory = hook->MemoryOf(node, hook->all_runs_, &none);
    hook->RunItems(memory, layer, static_cast<size_t>(thread));
  } catch (const std::exception& error) {
    hook->Fail(error.what());
  }
}

// llama.cpp has computed the node and waits for this call. The result that comes from the host is
// given back as a whole, so what is written on the device comes after it.
void AttentionHook::Replace(ggml_tensor* node, LayerSlot* slot) {
  if (failed_) return;
  if (IsHost(node)) return ReplaceOnHost(node, slot, all_runs_);
  const std::string why_not_node = device_.WhyNotNode(node, slot->layer);
  std::vector<size_t> on_host;
  std::vector<size_t> on_device;
  for (const size_t run : all_runs_) {
    const std::string reason =
        why_not_node.empty() ? device_.WhyNotRun(slot->layer, runs_[run]) : why_not_node;
    (reason.empty() ? on_device : on_host).push_back(run);
    if (!reason.empty()) stats_[0][run].host_reasons.insert(reason);
  }
  if (!on_host.empty()) ReplaceOnHost(node, slot, on_host);
  for (const size_t run : on_device) ReplaceOnDevice(node, *slot, run);
}

void AttentionHook::ReplaceOnDevice(const ggml_tensor* node, const LayerSlot& slot, size_t run) {
  const double start = Seconds();
  device_.Attend(node, slot.layer, runs_[run], &stats_[0][run]);
  stats_[0][run].seconds += Seconds() - start;
  items_done_ += static_cast<size_t>(model_->layers()[slot.layer].n_kv_heads);
}

void AttentionHook::ReplaceOnHost(ggml_tensor* node, LayerSlot* slot,
                                  const std::vector<size_t>& runs) {
  for (const size_t run : runs) {
    DecodeStream* stream = runs_[run].stream;
    if (stream->BringToHost(slot->layer) != Status::kOk) {
      return Fail("the GPU failed: " + device::DecodeFailureText());
    }
    const bool is_windowed = model_->layers()[slot->layer].window != 0;  // dense: without an index
    if (!is_windowed) stream->PrepareIndex(isa_, model_->n_threads());
  }
  const NodeMemory memory = MemoryOf(node, runs, &copies_);
  const auto n_threads = static_cast<size_t>(model_->n_threads());
  ThreadPool::Shared().ForEach(n_threads, n_threads,
                               [&](size_t, size_t thread) { RunItems(memory, slot, thread); });
  copies_.output.Close(*model_, node);
}

AttentionHook::NodeMemory AttentionHook::MemoryOf(const ggml_tensor* node,
                                                  const std::vector<size_t>& runs,
                                                  NodeCopies* copies) const {
  const ggml_tensor* queries = node->src[0];
  const auto n_tokens = static_cast<size_t>(queries->ne[1]);
  NodeMemory memory;
  memory.node = node;
  memory.runs = &runs;
  memory.queries = copies->queries.Read(*model_, queries);
  memory.keys = RowsOf(node, 1).Read(*model_, n_tokens, &copies->keys);
  memory.values = RowsOf(node, 2).Read(*model_, n_tokens, &copies->values);
  memory.output = copies->output.Open(*model_, node);
  return memory;
}

// Threads claim (run, KV head) pairs one by one; a pair has one owner, which first appends the new
// keys of that head, so no barrier is needed.
void AttentionHook::RunItems(const NodeMemory& memory, LayerSlot* slot, size_t thread) {
  const auto n_kv_heads = static_cast<size_t>(model_->layers()[slot->layer].n_kv_heads);
  const size_t n_items = memory.runs->size() * n_kv_heads;
  for (size_t item = slot->next_item++; item < n_items && !failed_; item = slot->next_item++) {
    const size_t run = (*memory.runs)[item / n_kv_heads];
    RunStats& stats = stats_[thread][run];
    const double start = Seconds();
    try {
      const Status status = RunItem(memory, *slot, runs_[run], item % n_kv_heads, thread, &stats);
      if (status == Status::kOutOfMemory) {
        Fail("there is no memory for the attention");
      } else if (status != Status::kOk) {
        Fail("the kernels refuse the config", "ERR_CONFIG");
      }
    } catch (const std::exception& error) {
      Fail(error.what());
    }
    stats.seconds += Seconds() - start;
    ++items_done_;
  }
}

Status AttentionHook::RunItem(const NodeMemory& memory, const LayerSlot& slot, const BatchRun& run,
                              size_t kv_head, size_t thread, RunStats* stats) {
  const LayerGeometry& geometry = model_->layers()[slot.layer];
  const ggml_tensor* node = memory.node;
  const ggml_tensor* q = node->src[0];
  const Status appended = run.stream->AppendTail(slot.layer, kv_head, memory.keys, memory.values,
                                                 run.column, run.n, isa_);
  if (appended != Status::kOk) return appended;

  const auto group_size = static_cast<size_t>(geometry.n_q_heads / geometry.n_kv_heads);
  const size_t first_head = kv_head * group_size;
  GroupInput input;
  input.kv = run.stream->View(slot.layer, kv_head, run.n);
  input.queries = reinterpret_cast<const float*>(memory.queries + run.column * q->nb[1] +
                                                 first_head * q->nb[2]);
  input.query_stride = q->nb[1] / sizeof(float);
  input.head_stride = q->nb[2] / sizeof(float);
  input.group_size = group_size;
  input.n_q = run.n;
  input.scale = slot.scale;
  input.window = geometry.window;
  input.layer = static_cast<uint32_t>(slot.layer);
  input.kv_head = static_cast<uint32_t>(kv_head);

  auto* output =
      reinterpret_cast<float*>(memory.output + run.column * node->nb[2] + first_head * node->nb[1]);
  const size_t out_head_stride = node->nb[1] / sizeof(float);
  const size_t out_query_stride = node->nb[2] / sizeof(float);
  const bool is_sparse = geometry.window == 0;
  GroupStats attended;
  const Status status =
      AttendGroup(is_sparse ? run.stream->chain() : dense_, input,
                  is_sparse ? run.stream->Index(slot.layer, kv_head) : nullptr, isa_,
                  &scratch_[thread], output, out_head_stride, out_query_stride, &attended, nullptr);
  stats->AddLayer(attended, group_size, input.kv.head_dim * 2 * DtypeBytes(input.kv.dtype));
  if (run.capture != nullptr && run.capture->Slot(slot.layer) >= 0) {
    run.capture->Store(*run.stream, slot.layer, kv_head, input, output, out_head_stride,
                       out_query_stride);
  }
  return status;
}

void AttentionHook::Fail(const std::string& message, const char* code) {
  bool expected = false;
  if (!failed_.compare_exchange_strong(expected, true)) return;
  failure_ = message;
  failure_code_ = code;
}

void AttentionHook::Begin(std::vector<BatchRun> runs) {
  runs_ = std::move(runs);
  all_runs_.resize(runs_.size());
  std::iota(all_runs_.begin(), all_runs_.end(), size_t{0});
  for (const BatchRun& run : runs_) {
    // On the device there is none; where it turns out to be needed, ReplaceOnHost makes it.
    if (!device_.MayTake(run)) run.stream->PrepareIndex(isa_, model_->n_threads());
  }
  for (auto& slot : slots_) slot->next_item = 0;
  for (auto& stats : stats_) stats.assign(runs_.size(), {});
  items_done_ = 0;
  failed_ = false;
  failure_.clear();
}

std::vector<RunStats> AttentionHook::Finish() {
  size_t expected = 0;
  for (const LayerGeometry& layer : model_->layers()) {
    expected += runs_.size() * static_cast<size_t>(layer.n_kv_heads);
  }
  if (!failed_ && way_ != OverrideWay::kNone && items_done_ != expected) {
    Fail("llama.cpp's graph did not run every attention node through the override");
  }
  if (failed_) throw EngineFailure(failure_code_, "Sparse decode failed: " + failure_);
  std::vector<RunStats> totals(runs_.size());
  for (const auto& thread : stats_) {
    for (size_t run = 0; run < totals.size(); ++run) totals[run].Add(thread[run]);
  }
  return totals;
}

}  // namespace sparsetune::llama
