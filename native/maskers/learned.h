#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/signatures/activation.h"

namespace sparsetune {

/// One dense layer of a hash network, for each head.
struct HashLayer {
  size_t n_in = 0;
  size_t n_out = 0;
  std::vector<float> rows;  ///< [n_heads, n_out, n_in]: transposed, so that an output is a dot
  std::vector<float> bias;  ///< [n_heads, n_out]
};

/// A network that turns vectors of head_dim numbers into as many as there are bits; a bit is the
/// sign of its output.
using HashNetwork = std::vector<HashLayer>;

/// The learned hash of one model layer.
struct HashOfLayer {
  size_t n_heads = 0;  ///< query heads; or KV heads, then a group shares one hash
  HashNetwork query;
  HashNetwork key;
};

/// Learned hashes of a model (HashAttention, arXiv:2412.14468). A layer without one is empty.
struct HashWeights {
  std::vector<HashOfLayer> layers;
  Activation activation = Activation::kSilu;
  uint64_t fingerprint = 0;  ///< of the contents: equal weights give equal indexes

  /// Null where the layer has none.
  const HashOfLayer* Of(uint32_t layer) const {
    return layer < layers.size() && layers[layer].n_heads > 0 ? &layers[layer] : nullptr;
  }
};

/// The channels of one model layer in order of importance: [n_heads, head_dim].
struct ChannelsOfLayer {
  size_t n_heads = 0;  ///< query heads; or KV heads, then a group shares one list
  std::vector<uint32_t> order;
};

/// Channel lists of a model (Double Sparsity, arXiv:2408.07092). A layer without one is empty.
struct ChannelLists {
  std::vector<ChannelsOfLayer> layers;
  uint64_t fingerprint = 0;  ///< as that of HashWeights

  const ChannelsOfLayer* Of(uint32_t layer) const {
    return layer < layers.size() && layers[layer].n_heads > 0 ? &layers[layer] : nullptr;
  }
};

}  // namespace sparsetune
