#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/stream_memory.h"
#include "kernels/lsh/buckets.h"
#include "kernels/lsh/lsh.h"
#include "kernels/lsh/weights.h"
#include "maskers/key_index.h"

namespace sparsetune {

/// Keys by bucket, sealed: nothing is added to a run.
struct LshRun {
  size_t first = 0;  ///< of the link
  size_t n = 0;
  std::vector<uint32_t> starts;
  StreamMemory units;
  size_t n_units = 0;

  LshBuckets buckets(const LshParams& params) const {
    return {params, starts.data(), reinterpret_cast<const uint16_t*>(units.get()), n};
  }
};

/// Sizes of the runs that `n` keys of a link are sealed in, in order; the keys after them are
/// scanned. A run has at least 1024 keys and at least one for each bucket of a table: below that,
/// finding the buckets costs more than scanning the codes. What is left is cut again and again to
/// its three leading binary digits, so there are few runs, and each key is sorted anew about six
/// times per run that it passes through while a link grows by single keys.
std::vector<size_t> LshRunSizes(size_t n, const LshParams& params);

/// What all indexes of a layer share.
struct LshShared {
  std::vector<float> panels;       ///< of LshPackPlanes
  std::array<LshCurve, 2> curves;  ///< for min_matches 1 and 2
};

/// magic_pig: SimHash codes, by bucket where there are enough keys, and norms of centred keys.
class LshState : public KeyState {
 public:
  LshState(const MaskerConfig& masker, uint64_t seed, uint32_t layer, size_t head_dim);

  std::unique_ptr<KeyState> Continue() const override;
  Status Extend(const KvView& kv, Isa isa) override;
  size_t bytes() const override;

  /// Keys of the link in runs; those after them are in `codes`.
  size_t n_sealed() const { return runs.empty() ? 0 : runs.back().first + runs.back().n; }

  size_t head_dim = 0;
  bool is_centred = false;
  LshParams params;
  std::shared_ptr<const LshShared> shared;
  std::vector<float> mean;     ///< [head_dim], zeros where not centred; of the first keys
  std::vector<LshRun> runs;    ///< of the first keys
  std::vector<uint8_t> codes;  ///< an LshTable of the keys after the runs
  std::vector<float> norms;    ///< [n] of the centred keys

 private:
  LshState() = default;
  Status AddKeys(const KvView& kv, size_t n_end, Isa isa);
  Status AddChunk(const KvView& kv, size_t count, Isa isa);
  void Reopen(size_t n_runs);
  void Seal(size_t count);
};

/// The planes of a layer, [lsh_l, lsh_k, head_dim]: element (t, b, i) is word i % 4 of the normals
/// of Philox counter {domain and layer, t, b, i / 4}.
std::vector<float> LshPlanes(uint64_t seed, uint32_t layer, const LshParams& params,
                             size_t head_dim);

}  // namespace sparsetune
