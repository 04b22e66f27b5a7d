#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/lsh/lsh.h"
#include "maskers/key_index.h"

namespace sparsetune {

/// magic_pig: SimHash codes and norms of centred keys.
class LshState : public KeyState {
 public:
  LshState(const MaskerConfig& masker, uint64_t seed, uint32_t layer, size_t head_dim);

  std::unique_ptr<KeyState> Continue() const override;
  Status Extend(const KvView& kv, Isa isa) override;
  size_t bytes() const override;

  size_t head_dim = 0;
  bool is_centred = false;
  bool has_mean = false;
  LshParams params;
  std::shared_ptr<const std::vector<float>> planes;  ///< [lsh_l, lsh_k, head_dim], of the layer
  std::vector<float> mean;                           ///< [head_dim], zeros where not centred
  std::vector<uint8_t> codes;                        ///< an LshTable of the n keys
  std::vector<float> norms;                          ///< [n] of the centred keys

 private:
  LshState() = default;
  Status AddChunk(const KvView& kv, size_t count, Isa isa);
};

/// The planes of a layer, made once for all its KV heads and indexes alive: element (t, b, i) is
/// word i % 4 of the normals of Philox counter {domain and layer, t, b, i / 4}.
std::shared_ptr<const std::vector<float>> LshPlanes(uint64_t seed, uint32_t layer,
                                                    const LshParams& params, size_t head_dim);

}  // namespace sparsetune
