#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "maskers/key_index.h"

namespace sparsetune {

/// hash_top_k: the learned bit signature of each key, once per network of the KV head.
class HashState : public KeyState {
 public:
  HashState(const MaskerConfig& masker, uint32_t layer, size_t head_dim, HeadPlace place);

  std::unique_ptr<KeyState> Continue() const override;
  /// kInvalidShape where the layer has no networks, or networks that do not fit.
  Status Extend(const KvView& kv, Isa isa) override;
  size_t bytes() const override;

  /// Signature of a query under network `i`: [n_words].
  Status HashQuery(const float* query, size_t i, Isa isa, uint64_t* signature) const;

  size_t head_dim = 0;
  size_t n_words = 0;                             ///< of a signature
  size_t n_networks = 0;                          ///< 1 or group_size; 0: no fit
  std::vector<std::vector<uint64_t>> signatures;  ///< [n_networks][n, n_words]

 private:
  HashState() = default;

  std::shared_ptr<const HashWeights> weights_;
  const HashOfLayer* hash_ = nullptr;
  size_t first_head_ = 0;  ///< head of the weights that network 0 is
};

}  // namespace sparsetune
