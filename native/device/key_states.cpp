#if defined(SPARSETUNE_HAS_CUDA)

#include "device/key_states.h"

#include <algorithm>
#include <vector>

#include "device/failure.h"
#include "device/learned_states.h"
#include "kernels/quantized_scores/quantized_scores.h"
#include "maskers/lsh_state.h"

namespace sparsetune::device {
namespace {

/// Below that, finding the buckets costs more than scanning the codes.
constexpr size_t kMinSorted = 1024;

}  // namespace

void KeyState::Extend(const CachedKeys& keys) {
  if (n_ == keys.n) return;
  Add(keys);
  n_ = keys.n;
}

void KeyBlocks::Reserve(const CachedKeys& keys) {
  const size_t stride = (keys.n_allocated + block_keys_ - 1) / block_keys_;
  if (stride <= stride_) return;
  const size_t n_heads = keys.rows.n_kv_heads;
  const size_t head_bytes = stride * block_bytes_;
  const size_t old_bytes = stride_ * block_bytes_;
  cuda::DeviceBuffer grown;
  Check(grown.Allocate(n_heads * head_bytes));
  Check(cuda::Clear(grown.as<void>(), n_heads * head_bytes, keys.stream));
  if (stride_ > 0) {
    Check(cuda::CopyRowsOnDevice(grown.as<void>(), memory_.as<void>(),
                                 {old_bytes, n_heads, head_bytes, old_bytes}, keys.stream));
  }
  memory_ = std::move(grown);
  stride_ = stride;
}

QuantizedState::QuantizedState(size_t head_dim)
    : blocks_(kQuantBlockKeys, QuantBlockBytes(head_dim)) {}

void QuantizedState::Add(const CachedKeys& keys) {
  blocks_.Reserve(keys);
  Check(cuda::QuantizeKeys(keys.rows, n(), keys.n, blocks_.data(), blocks_.stride(), keys.stream));
}

PageState::PageState(size_t page_size, size_t head_dim, Dtype dtype)
    : page_size_(page_size), pages_(page_size, 2 * head_dim * DtypeBytes(dtype)) {}

cuda::PageBounds PageState::bounds() const { return {pages_.data(), pages_.stride(), page_size_}; }

void PageState::Add(const CachedKeys& keys) {
  pages_.Reserve(keys);
  Check(cuda::PageBoundsExtend(keys.rows, n(), keys.n, bounds(), keys.stream));
}

LshState::LshState(const MaskerConfig& masker, uint64_t seed, uint32_t layer)
    : params_{masker.lsh_l, masker.lsh_k},
      is_centred_(masker.center),
      seed_(seed),
      layer_(layer),
      codes_(kLshBlockKeys, LshBlockBytes(params_)),
      norms_(kLshBlockKeys, kLshBlockKeys * sizeof(float)) {}

cuda::LshKeyTable LshState::table() const {
  return {codes_.data(), codes_.stride(), reinterpret_cast<float*>(norms_.data())};
}

void LshState::Begin(const CachedKeys& keys) {
  const size_t head_dim = keys.rows.head_dim;
  const size_t mean_floats = keys.rows.n_kv_heads * head_dim;
  std::vector<float> panels(LshPanelFloats(params_, head_dim));
  LshPackPlanes(LshPlanes(seed_, layer_, params_, head_dim).data(), params_, head_dim,
                panels.data());
  Check(panels_.Reserve(panels.size() * sizeof(float)));
  Check(cuda::CopyToDevice(panels_.as<void>(), panels.data(), panels_.bytes(), keys.stream));
  std::vector<LshCurve> curves(2);
  constexpr size_t kCurveBytes = sizeof curves[0].parts;
  Check(curves_.Reserve(2 * kCurveBytes));
  for (uint32_t m = 0; m < 2; ++m) {
    MakeLshCurve(params_, m + 1, &curves[m]);
    Check(cuda::CopyToDevice(curves_.as<uint8_t>() + m * kCurveBytes, curves[m].parts, kCurveBytes,
                             keys.stream));
  }
  Check(mean_.Reserve(mean_floats * sizeof(float)));
  Check(cuda::Clear(mean_.as<void>(), mean_.bytes(), keys.stream));
  cuda::DeviceBuffer partial;
  if (is_centred_) {
    const size_t n_chunks = (keys.n + cuda::kMeanChunk - 1) / cuda::kMeanChunk;
    Check(partial.Allocate(mean_floats * n_chunks * sizeof(double)));
    Check(cuda::LshMean(keys.rows, keys.n, partial.as<double>(), mean_.as<float>(), keys.stream));
  }
  Check(cuda::Synchronise(keys.stream));  // before the vectors go
  has_begun_ = true;
}

void LshState::Sort(const CachedKeys& keys) {
  const size_t n = keys.n / kLshBlockKeys * kLshBlockKeys;
  const size_t n_buckets = size_t{1} << params_.lsh_k;
  if (n < std::max({kMinSorted, n_buckets, n_sorted_ + n_sorted_ / 4})) return;
  cuda::LshRuns runs;
  runs.n_runs = (n + kLshRunKeys - 1) / kLshRunKeys;
  runs.stride = std::min(n, kLshRunKeys);
  const size_t n_tables = keys.rows.n_kv_heads * runs.n_runs * params_.lsh_l;
  cuda::DeviceBuffer starts;
  cuda::DeviceBuffer sorted;
  Check(starts.Allocate(n_tables * (n_buckets + 1) * sizeof(uint32_t)));
  Check(sorted.Allocate(n_tables * runs.stride * sizeof(uint16_t)));
  runs.starts = starts.as<uint32_t>();
  runs.keys = sorted.as<uint16_t>();
  Check(cuda::LshSort(params_, table(), keys.rows.n_kv_heads, n, runs, keys.stream));
  starts_ = std::move(starts);
  sorted_ = std::move(sorted);
  runs_ = runs;
  n_sorted_ = n;
}

size_t LshState::Keep(size_t n) {
  if (n < n_sorted_) n_sorted_ = 0;
  return n;
}

size_t LshState::bytes() const {
  size_t bytes = codes_.bytes() + norms_.bytes();
  for (const cuda::DeviceBuffer* buffer : {&starts_, &sorted_, &mean_, &panels_, &curves_}) {
    bytes += buffer->bytes();
  }
  return bytes;
}

void LshState::Add(const CachedKeys& keys) {
  codes_.Reserve(keys);
  norms_.Reserve(keys);
  if (!has_begun_) Begin(keys);
  Check(cuda::LshKeyCodes(keys.rows, n(), keys.n, mean(), params_, panels(), table(), keys.stream));
  if (!keys.is_passing) Sort(keys);
}

std::unique_ptr<KeyState> MakeState(const MaskerConfig& masker, uint64_t seed, uint32_t layer,
                                    size_t head_dim, Dtype dtype) {
  switch (masker.kind) {
    case MaskerKind::kTopK:
      return std::make_unique<QuantizedState>(head_dim);
    case MaskerKind::kQuest:
      return std::make_unique<PageState>(masker.page_size, head_dim, dtype);
    case MaskerKind::kDoubleSparsity:
      return std::make_unique<LabelState>(masker, layer);
    case MaskerKind::kHashTopK:
      return std::make_unique<HashState>(masker, layer);
    default:
      return std::make_unique<LshState>(masker, seed, layer);
  }
}

}  // namespace sparsetune::device

#endif
