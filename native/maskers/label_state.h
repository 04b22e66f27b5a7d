#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "maskers/key_index.h"

namespace sparsetune {

/// double_sparsity: the chosen channels of each key, in the keys' own type, once per channel list
/// of the KV head.
class LabelState : public KeyState {
 public:
  LabelState(const MaskerConfig& masker, uint32_t layer, size_t head_dim, HeadPlace place);

  std::unique_ptr<KeyState> Continue() const override;
  /// kInvalidShape where the layer has no channel lists, or lists that do not fit.
  Status Extend(const KvView& kv, Isa isa) override;
  size_t bytes() const override;

  size_t label_bytes() const { return n_channels * DtypeBytes(dtype); }

  size_t head_dim = 0;
  size_t n_channels = 0;  ///< of a label
  Dtype dtype = Dtype::kF32;
  std::vector<std::vector<uint32_t>> lists;  ///< [1 or group_size][n_channels]; empty: no fit
  std::vector<std::vector<uint8_t>> labels;  ///< as lists, [n, n_channels] elements each

 private:
  LabelState() = default;
};

}  // namespace sparsetune
