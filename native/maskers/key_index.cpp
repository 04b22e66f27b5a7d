#include "maskers/key_index.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <new>
#include <tuple>

#include "core/f16.h"
#include "core/philox.h"

namespace sparsetune {
namespace {

constexpr size_t kChunkKeys = 64;

const uint8_t* Row(const KvView& kv, size_t key) {
  const size_t row_bytes = kv.head_dim * DtypeBytes(kv.dtype);
  const bool in_base = key < kv.base.n_kv;
  const void* keys = in_base ? kv.base.keys : kv.tail.keys;
  return static_cast<const uint8_t*>(keys) + (in_base ? key : key - kv.base.n_kv) * row_bytes;
}

void ReadKey(const KvView& kv, size_t key, float* row) {
  const uint8_t* bytes = Row(kv, key);
  if (kv.dtype == Dtype::kF32) {
    std::copy_n(reinterpret_cast<const float*>(bytes), kv.head_dim, row);
    return;
  }
  const auto* halves = reinterpret_cast<const uint16_t*>(bytes);
  for (size_t i = 0; i < kv.head_dim; ++i) row[i] = HalfToFloat(halves[i]);
}

std::vector<float> MeanKey(const KvView& kv) {
  std::vector<double> sum(kv.head_dim, 0.0);
  std::vector<float> row(kv.head_dim);
  for (size_t key = 0; key < kv.n_kv(); ++key) {
    ReadKey(kv, key, row.data());
    for (size_t i = 0; i < kv.head_dim; ++i) sum[i] += row[i];
  }
  for (size_t i = 0; i < kv.head_dim; ++i) {
    row[i] = static_cast<float>(sum[i] / static_cast<double>(kv.n_kv()));
  }
  return row;
}

float CentreAndNorm(const std::vector<float>& mean, float* row) {
  double sum = 0;
  for (size_t i = 0; i < mean.size(); ++i) {
    row[i] -= mean[i];
    sum += static_cast<double>(row[i]) * row[i];
  }
  return static_cast<float>(std::sqrt(sum));
}

std::vector<float> MakePlanes(uint64_t seed, uint32_t layer, const LshParams& params,
                              size_t head_dim) {
  std::vector<float> planes(head_dim * params.lsh_l * params.lsh_k);
  const uint32_t domain = static_cast<uint32_t>(DrawDomain::kLshPlane) << 16 | layer;
  float* plane = planes.data();
  for (uint32_t t = 0; t < params.lsh_l; ++t) {
    for (uint32_t b = 0; b < params.lsh_k; ++b, plane += head_dim) {
      for (size_t i = 0; i < head_dim; i += 4) {
        const auto normals = PhiloxNormal({domain, t, b, static_cast<uint32_t>(i / 4)}, seed);
        std::copy_n(normals.data(), std::min<size_t>(4, head_dim - i), plane + i);
      }
    }
  }
  return planes;
}

/// Appends keys first..first+n-1 of `kv` (at most kChunkKeys) to the state.
Status IndexChunk(const KvView& kv, size_t first, size_t n, Isa isa, KeyIndex::State* state) {
  std::vector<float> rows(n * state->head_dim);
  std::array<const float*, kChunkKeys> pointers{};
  state->norms.resize(state->n + n);
  for (size_t i = 0; i < n; ++i) {
    float* row = rows.data() + i * state->head_dim;
    ReadKey(kv, first + i, row);
    state->norms[state->n + i] = CentreAndNorm(state->mean, row);
    pointers[i] = row;
  }
  std::vector<uint16_t> codes(n * state->params.lsh_l);
  const Status status = LshCodes(pointers.data(), n, state->head_dim, state->params,
                                 state->planes->data(), isa, codes.data());
  if (status != Status::kOk) return status;
  const size_t n_blocks = (state->n + n + kLshBlockKeys - 1) / kLshBlockKeys;
  state->codes.resize(n_blocks * LshBlockBytes(state->params));
  LshStore(codes.data(), state->n, n, state->params, state->codes.data());
  state->n += n;
  return Status::kOk;
}

Status IndexKeys(const KvView& kv, Isa isa, KeyIndex::State* state) {
  if (!state->has_mean) {
    state->mean = state->is_centred ? MeanKey(kv) : std::vector<float>(state->head_dim, 0.0f);
    state->has_mean = true;
  }
  for (size_t key = state->first + state->n; key < kv.n_kv();) {
    const size_t n = std::min(kChunkKeys, kv.n_kv() - key);
    const Status status = IndexChunk(kv, key, n, isa, state);
    if (status != Status::kOk) return status;
    key += n;
  }
  return Status::kOk;
}

}  // namespace

const MaskerConfig* FindMagicPig(const ChainConfig& chain) {
  for (const MaskerConfig& masker : chain.maskers) {
    if (masker.kind == MaskerKind::kMagicPig) return &masker;
  }
  return nullptr;
}

std::shared_ptr<const std::vector<float>> LshPlanes(uint64_t seed, uint32_t layer,
                                                    const LshParams& params, size_t head_dim) {
  using Key = std::tuple<uint64_t, uint32_t, uint32_t, uint32_t, size_t>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<const std::vector<float>>> alive;
  const std::lock_guard<std::mutex> lock(mutex);
  auto& entry = alive[{seed, layer, params.lsh_l, params.lsh_k, head_dim}];
  auto planes = entry.lock();
  if (planes == nullptr) {
    planes = std::make_shared<const std::vector<float>>(MakePlanes(seed, layer, params, head_dim));
    entry = planes;
  }
  return planes;
}

bool NeedsIndex(const ChainConfig& chain) { return FindMagicPig(chain) != nullptr; }

std::string IndexKey(const ChainConfig& chain) {
  const MaskerConfig* pig = FindMagicPig(chain);
  if (pig == nullptr) return "";
  return "magic_pig/" + std::to_string(pig->lsh_l) + "/" + std::to_string(pig->lsh_k) +
         (pig->center ? "/keys/" : "/none/") + std::to_string(chain.seed);
}

KeyIndex::KeyIndex(const ChainConfig& chain, uint32_t layer, size_t head_dim)
    : state_(std::make_unique<State>()) {
  state_->head_dim = head_dim;
  const MaskerConfig* pig = FindMagicPig(chain);
  if (pig == nullptr) return;
  state_->is_used = true;
  state_->is_centred = pig->center;
  state_->params = {pig->lsh_l, pig->lsh_k};
  state_->planes = LshPlanes(chain.seed, layer, state_->params, head_dim);
}

KeyIndex::KeyIndex(std::shared_ptr<const KeyIndex> parent) : state_(std::make_unique<State>()) {
  const State& of_parent = parent->state();
  state_->first = of_parent.first + of_parent.n;
  state_->head_dim = of_parent.head_dim;
  state_->is_used = of_parent.is_used;
  state_->is_centred = of_parent.is_centred;
  state_->has_mean = of_parent.has_mean;
  state_->params = of_parent.params;
  state_->planes = of_parent.planes;
  state_->mean = of_parent.mean;
  state_->parent = std::move(parent);
}

KeyIndex::~KeyIndex() = default;

Status KeyIndex::Extend(const KvView& kv, Isa isa) {
  if (kv.head_dim != state_->head_dim || kv.n_kv() < n_kv()) return Status::kInvalidShape;
  if (!state_->is_used) {
    state_->n = kv.n_kv() - state_->first;
    return Status::kOk;
  }
  if (kv.n_kv() == n_kv()) return Status::kOk;
  try {
    return IndexKeys(kv, isa, state_.get());
  } catch (const std::bad_alloc&) {
    return Status::kOutOfMemory;
  }
}

size_t KeyIndex::n_kv() const { return state_->first + state_->n; }

size_t KeyIndex::bytes() const {
  return state_->codes.capacity() +
         (state_->norms.capacity() + state_->mean.capacity()) * sizeof(float);
}

}  // namespace sparsetune
