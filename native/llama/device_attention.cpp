#include "llama/device_attention.h"

#include <algorithm>
#include <cstdint>

#include "device/support.h"

namespace sparsetune::llama {
namespace {

/// What llama.cpp calls the memory of the first GPU of CUDA.
constexpr char kFirstGpu[] = "CUDA0";
/// Of what the kernels read at once.
constexpr size_t kAlignment = 16;

const char* AddressOf(const CacheRows& rows) {
  return static_cast<const char*>(rows.cache->data) + rows.offset;
}

size_t GroupSize(const LayerGeometry& geometry) {
  return static_cast<size_t>(geometry.n_q_heads / geometry.n_kv_heads);
}

bool IsAligned(size_t bytes) { return bytes % kAlignment == 0; }

/// Whether the heads of a token lie one after another, and tokens where the kernels can read them.
bool HasPlainRows(const void* data, size_t token_stride, size_t head_stride, size_t head_bytes) {
  return head_stride == head_bytes && IsAligned(token_stride) &&
         IsAligned(reinterpret_cast<uintptr_t>(data));
}

/// What rules a run out at every node.
std::string WhyNotAlways(const BatchRun& run) {
  if (run.capture != nullptr) return "queries that outputError needs are kept on the CPU";
  return device::WhyNotChain(run.stream->chain());
}

std::string WhyNotModel(const Model& model) {
  if (!model.UsesGpu()) return "";
  const auto devices = model.api().devices();
  const auto n_gpus = std::count_if(devices.begin(), devices.end(), [](const Device& device) {
    return device.name.compare(0, 4, kFirstGpu, 4) == 0;
  });
  if (n_gpus == 0 && !model.TakesHostMemoryFor(kFirstGpu)) return "llama.cpp has no GPU of CUDA";
  if (n_gpus > 1) return "llama.cpp uses several GPUs (CUDA_VISIBLE_DEVICES=0 leaves it one)";
  return device::WhyNoDecode();
}

void ThrowUnlessOk(Status status) {
  if (status == Status::kOk) return;
  if (status == Status::kOutOfMemory) {
    throw EngineFailure("ERR_ENGINE", "the GPU has no memory left for the attention");
  }
  if (status == Status::kDevice) {
    throw EngineFailure("ERR_ENGINE", "the GPU failed: " + device::DecodeFailureText());
  }
  throw EngineFailure("ERR_CONFIG", "the kernels refuse the config");
}

}  // namespace

DeviceAttention::DeviceAttention(std::shared_ptr<const Model> model)
    : model_(std::move(model)),
      why_not_model_(WhyNotModel(*model_)),
      room_(device::MakeDecodeRoom()) {}

bool DeviceAttention::MayTake(const BatchRun& run) const {
  return model_->IsAllOnGpu() && why_not_model_.empty() && WhyNotAlways(run).empty();
}

std::string DeviceAttention::WhyNotNode(const ggml_tensor* node, size_t layer) const {
  const ggml_tensor* const tensors[] = {node, node->src[0], node->src[1], node->src[2]};
  for (const ggml_tensor* tensor : tensors) {
    const std::string memory = model_->MemoryOf(tensor);
    if (memory != kFirstGpu) return "the layer is in the memory of " + memory;
  }
  if (!why_not_model_.empty()) return why_not_model_;
  const LayerGeometry& geometry = model_->layers()[layer];
  if (geometry.window != 0) return "layers with a sliding window have no CUDA kernels";
  const auto head_dim = static_cast<size_t>(geometry.head_dim);
  std::string why_not_heads = device::WhyNotHeads(head_dim, GroupSize(geometry));
  if (!why_not_heads.empty()) return why_not_heads;
  const ggml_tensor* queries = node->src[0];
  const CacheRows keys = RowsOf(node, 1);
  const CacheRows values = RowsOf(node, 2);
  const bool is_plain =
      HasPlainRows(queries->data, queries->nb[1], queries->nb[2], head_dim * sizeof(float)) &&
      HasPlainRows(node->data, node->nb[2], node->nb[1], head_dim * sizeof(float)) &&
      HasPlainRows(AddressOf(keys), keys.cell_stride, keys.head_stride, head_dim * 2) &&
      HasPlainRows(AddressOf(values), values.cell_stride, values.head_stride, head_dim * 2);
  if (!is_plain) return "llama.cpp has the heads of its tokens apart";
  for (const void* address :
       {static_cast<const void*>(queries->data), static_cast<const void*>(node->data),
        static_cast<const void*>(AddressOf(keys)), static_cast<const void*>(AddressOf(values))}) {
    if (!device::IsOnDevice(address)) return "CUDA does not know the memory of llama.cpp";
  }
  return "";
}

std::string DeviceAttention::WhyNotRun(size_t layer, const BatchRun& run) {
  std::string reason = WhyNotAlways(run);
  if (!reason.empty()) return reason;
  if (run.stream->IsTailOnHost(layer)) return "tokens before these were attended on the CPU";
  if (Prepare(layer, run) == nullptr) return "the GPU has no memory left for the context";
  return "";
}

device::DecodeCache* DeviceAttention::Prepare(size_t layer, const BatchRun& run) {
  device::DecodeCache* cache = nullptr;
  const size_t n_tail = run.stream->capacity();
  Status status = run.stream->snapshot().OnDevice(layer, n_tail, room_, &cache);
  if (status == Status::kOk) {
    status = cache->Prepare(InputOf(layer, run), n_tail);
  }
  if (status == Status::kOk) status = run.stream->BringToDevice(layer);
  if (status == Status::kOutOfMemory) return nullptr;
  ThrowUnlessOk(status);
  return cache;
}

ForwardInput DeviceAttention::InputOf(size_t layer, const BatchRun& run) const {
  const LayerGeometry& geometry = model_->layers()[layer];
  ForwardInput input;
  input.chain = run.stream->chain();
  input.n_q_heads = static_cast<size_t>(geometry.n_q_heads);
  input.n_q = run.n;
  input.scale = geometry.scale;
  input.layer = static_cast<uint32_t>(layer);
  return input;
}

void DeviceAttention::Attend(const ggml_tensor* node, size_t layer, const BatchRun& run,
                             RunStats* stats) {
  const LayerGeometry& geometry = model_->layers()[layer];
  const ggml_tensor* queries = node->src[0];
  const CacheRows keys = RowsOf(node, 1);
  const CacheRows values = RowsOf(node, 2);
  const device::TokenRows fresh = {
      AddressOf(keys) + run.column * keys.cell_stride, keys.cell_stride,
      AddressOf(values) + run.column * values.cell_stride, values.cell_stride};
  const char* first_query = static_cast<const char*>(queries->data) + run.column * queries->nb[1];
  char* first_output = static_cast<char*>(node->data) + run.column * node->nb[2];
  const device::DecodeRows rows = {
      reinterpret_cast<const float*>(first_query), queries->nb[1] / sizeof(float),
      reinterpret_cast<float*>(first_output), node->nb[2] / sizeof(float)};
  device::DecodeCache* cache = nullptr;
  ThrowUnlessOk(run.stream->snapshot().OnDevice(layer, run.stream->capacity(), room_, &cache));
  GroupStats attended;
  ThrowUnlessOk(
      cache->Forward(InputOf(layer, run), fresh, run.stream->DeviceTail(layer), rows, &attended));
  stats->AddLayer(attended, GroupSize(geometry), static_cast<size_t>(geometry.head_dim) * 2 * 2);
}

}  // namespace sparsetune::llama
