#include "maskers/lsh_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <tuple>

#include "core/philox.h"
#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

constexpr size_t kChunkKeys = 64;

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

}  // namespace

LshState::LshState(const MaskerConfig& masker, uint64_t seed, uint32_t layer, size_t dim)
    : head_dim(dim),
      is_centred(masker.center),
      params{masker.lsh_l, masker.lsh_k},
      planes(LshPlanes(seed, layer, params, dim)) {}

std::unique_ptr<KeyState> LshState::Continue() const {
  std::unique_ptr<LshState> next(new LshState());
  next->head_dim = head_dim;
  next->is_centred = is_centred;
  next->has_mean = has_mean;
  next->params = params;
  next->planes = planes;
  next->mean = mean;
  return next;
}

Status LshState::AddChunk(const KvView& kv, size_t count, Isa isa) {
  std::vector<float> rows(count * head_dim);
  std::array<const float*, kChunkKeys> pointers{};
  norms.resize(n + count);
  for (size_t i = 0; i < count; ++i) {
    float* row = rows.data() + i * head_dim;
    ReadKey(kv, first + n + i, row);
    norms[n + i] = CentreAndNorm(mean, row);
    pointers[i] = row;
  }
  std::vector<uint16_t> chunk(count * params.lsh_l);
  const Status status =
      LshCodes(pointers.data(), count, head_dim, params, planes->data(), isa, chunk.data());
  if (status != Status::kOk) return status;
  const size_t n_blocks = (n + count + kLshBlockKeys - 1) / kLshBlockKeys;
  codes.resize(n_blocks * LshBlockBytes(params));
  LshStore(chunk.data(), n, count, params, codes.data());
  n += count;
  return Status::kOk;
}

Status LshState::Extend(const KvView& kv, Isa isa) {
  if (!has_mean) {
    mean = is_centred ? MeanKey(kv) : std::vector<float>(head_dim, 0.0f);
    has_mean = true;
  }
  while (first + n < kv.n_kv()) {
    const Status status = AddChunk(kv, std::min(kChunkKeys, kv.n_kv() - first - n), isa);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

size_t LshState::bytes() const {
  return codes.capacity() + (norms.capacity() + mean.capacity()) * sizeof(float);
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

}  // namespace sparsetune
