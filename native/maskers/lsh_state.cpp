#include "maskers/lsh_state.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "core/philox.h"
#include "kernels/lsh/centre.h"
#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

/// Keys that are hashed in one call: a multiple of what any instruction set hashes at once.
constexpr size_t kChunkKeys = 96;
constexpr size_t kMinRunKeys = 1024;

Status MeanKey(const KvView& kv, Isa isa, std::vector<float>* mean) {
  std::vector<double> sums(kv.head_dim, 0.0);
  for (const KvRun& run : SplitRun(kv, 0, kv.n_kv())) {
    const Status status = LshAddRows({run.keys, kv.dtype, kv.head_dim, run.n}, isa, sums.data());
    if (status != Status::kOk) return status;
  }
  mean->resize(kv.head_dim);
  for (size_t i = 0; i < kv.head_dim; ++i) {
    (*mean)[i] = static_cast<float>(sums[i] / static_cast<double>(kv.n_kv()));
  }
  return Status::kOk;
}

/// The panels and curves of a layer, made once for all its KV heads and indexes alive.
std::shared_ptr<const LshShared> SharedOf(uint64_t seed, uint32_t layer, const LshParams& params,
                                          size_t head_dim) {
  using Key = std::tuple<uint64_t, uint32_t, uint32_t, uint32_t, size_t>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<const LshShared>> alive;
  const Key key = {seed, layer, params.lsh_l, params.lsh_k, head_dim};
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = alive.find(key);
  auto shared = found == alive.end() ? nullptr : found->second.lock();
  if (shared != nullptr) return shared;
  // A weak pointer keeps the memory of what it pointed to.
  for (auto entry = alive.begin(); entry != alive.end();) {
    entry = entry->second.expired() ? alive.erase(entry) : std::next(entry);
  }
  const auto made = std::make_shared<LshShared>();
  made->panels.resize(LshPanelFloats(params, head_dim));
  LshPackPlanes(LshPlanes(seed, layer, params, head_dim).data(), params, head_dim,
                made->panels.data());
  for (uint32_t m = 1; m <= 2; ++m) MakeLshCurve(params, m, &made->curves[m - 1]);
  alive[key] = made;
  return made;
}

/// Down to the three leading binary digits.
size_t ThreeDigits(size_t n) {
  size_t digit = 1;
  while (n / digit >= 8) digit *= 2;
  return n / digit * digit;
}

}  // namespace

std::vector<size_t> LshRunSizes(size_t n, const LshParams& params) {
  const size_t unit = std::max(kMinRunKeys, size_t{1} << params.lsh_k);
  std::vector<size_t> sizes;
  for (; n >= unit; n -= sizes.back()) {
    sizes.push_back(n >= kLshRunKeys ? kLshRunKeys : ThreeDigits(n / unit) * unit);
  }
  return sizes;
}

std::vector<float> LshPlanes(uint64_t seed, uint32_t layer, const LshParams& params,
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

LshState::LshState(const MaskerConfig& masker, uint64_t seed, uint32_t layer, size_t dim)
    : head_dim(dim),
      is_centred(masker.center),
      params{masker.lsh_l, masker.lsh_k},
      shared(SharedOf(seed, layer, params, dim)) {}

std::unique_ptr<KeyState> LshState::Continue() const {
  std::unique_ptr<LshState> next(new LshState());
  next->head_dim = head_dim;
  next->is_centred = is_centred;
  next->params = params;
  next->shared = shared;
  next->mean = mean;
  return next;
}

Status LshState::AddChunk(const KvView& kv, size_t count, Isa isa) {
  std::array<float, kChunkKeys> chunk_norms{};
  std::vector<float> rows(count * head_dim);
  std::array<const float*, kChunkKeys> pointers{};
  const size_t begin = first + n;
  for (const KvRun& run : SplitRun(kv, begin, begin + count)) {
    if (run.n == 0) continue;
    const size_t at = run.first - begin;
    const Status status = LshCentre({run.keys, kv.dtype, head_dim, run.n}, mean.data(), isa,
                                    rows.data() + at * head_dim, chunk_norms.data() + at);
    if (status != Status::kOk) return status;
  }
  for (size_t i = 0; i < count; ++i) pointers[i] = rows.data() + i * head_dim;
  std::vector<uint16_t> chunk(count * params.lsh_l);
  const Status status =
      LshCodes(pointers.data(), count, head_dim, params, shared->panels.data(), isa, chunk.data());
  if (status != Status::kOk) return status;
  const size_t at = n - n_sealed();
  const size_t n_blocks = (at + count + kLshBlockKeys - 1) / kLshBlockKeys;
  codes.resize(n_blocks * LshBlockBytes(params));
  LshStore(chunk.data(), at, count, params, codes.data());
  norms.resize(n);
  norms.insert(norms.end(), chunk_norms.data(), chunk_norms.data() + count);
  n += count;
  return Status::kOk;
}

Status LshState::AddKeys(const KvView& kv, size_t n_end, Isa isa) {
  while (n < n_end) {
    const Status status = AddChunk(kv, std::min(kChunkKeys, n_end - n), isa);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

/// Brings the keys of all runs but the first `n_runs` back into `codes`.
void LshState::Reopen(size_t n_runs) {
  if (n_runs == runs.size()) return;
  const size_t block_bytes = LshBlockBytes(params);
  const size_t begin = runs[n_runs].first;
  std::vector<uint8_t> all((n_sealed() - begin) / kLshBlockKeys * block_bytes);
  for (size_t r = n_runs; r < runs.size(); ++r) {
    LshUnsort(runs[r].buckets(params),
              all.data() + (runs[r].first - begin) / kLshBlockKeys * block_bytes);
  }
  all.insert(all.end(), codes.begin(), codes.end());
  codes.swap(all);
  runs.resize(n_runs);
}

/// Makes a run of the first `count` keys in `codes`.
void LshState::Seal(size_t count) {
  LshRun run;
  run.first = n_sealed();
  run.n = count;
  run.starts.resize(LshStartCount(params));
  std::vector<uint16_t> units(count * (params.lsh_l + 1));
  std::vector<uint16_t> room(2 * count);
  for (size_t t = 0; t < params.lsh_l; ++t) {
    const size_t most = run.n_units + LshTableUnits(count);
    if (units.size() < most) units.resize(most + (params.lsh_l - t) * count);
    run.n_units = LshSortTable({params, codes.data(), count}, t, count, run.n_units, room.data(),
                               run.starts.data(), units.data());
  }
  run.units = AllocateStreamMemory(run.n_units * sizeof(uint16_t));
  std::memcpy(run.units.get(), units.data(), run.n_units * sizeof(uint16_t));
  const size_t sealed_bytes = count / kLshBlockKeys * LshBlockBytes(params);
  std::vector<uint8_t> rest(codes.begin() + static_cast<ptrdiff_t>(sealed_bytes), codes.end());
  runs.push_back(std::move(run));
  codes.swap(rest);
}

Status LshState::Extend(const KvView& kv, Isa isa) {
  if (mean.empty() && !is_centred) mean.assign(head_dim, 0.0f);
  if (mean.empty()) {
    const Status status = MeanKey(kv, isa, &mean);
    if (status != Status::kOk) return status;
  }
  const size_t n_end = kv.n_kv() - first;
  const std::vector<size_t> sizes = LshRunSizes(n_end, params);
  size_t same = 0;
  while (same < runs.size() && same < sizes.size() && runs[same].n == sizes[same]) ++same;
  Reopen(same);
  for (; same < sizes.size(); ++same) {
    const Status status = AddKeys(kv, n_sealed() + sizes[same], isa);
    if (status != Status::kOk) return status;
    Seal(sizes[same]);
  }
  return AddKeys(kv, n_end, isa);
}

size_t LshState::bytes() const {
  size_t bytes = codes.capacity() + (norms.capacity() + mean.capacity()) * sizeof(float);
  for (const LshRun& run : runs) {
    bytes += run.starts.capacity() * sizeof(uint32_t) + run.n_units * sizeof(uint16_t);
  }
  return bytes;
}

}  // namespace sparsetune
