#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/lsh/lsh.h"
#include "maskers/chain.h"

namespace sparsetune {

/// What a KeyIndex holds: SimHash codes and norms of centred keys, in a list of links parent <-
/// child.
struct KeyIndex::State {
  std::shared_ptr<const KeyIndex> parent;
  size_t first = 0;  ///< keys indexed by the parents
  size_t n = 0;      ///< keys indexed here
  size_t head_dim = 0;
  bool is_used = false;  ///< false where the chain needs no index: Extend then only counts
  bool is_centred = false;
  bool has_mean = false;
  LshParams params;
  std::shared_ptr<const std::vector<float>> planes;  ///< [lsh_l, lsh_k, head_dim], of the layer
  std::vector<float> mean;                           ///< [head_dim], zeros where not centred
  std::vector<uint8_t> codes;                        ///< an LshTable of the n keys
  std::vector<float> norms;                          ///< [n] of the centred keys
};

/// The magic_pig of a chain, or null.
const MaskerConfig* FindMagicPig(const ChainConfig& chain);

/// The planes of a layer, made once for all its KV heads and indexes alive: element (t, b, i) is
/// word i % 4 of the normals of Philox counter {domain and layer, t, b, i / 4}.
std::shared_ptr<const std::vector<float>> LshPlanes(uint64_t seed, uint32_t layer,
                                                    const LshParams& params, size_t head_dim);

}  // namespace sparsetune
