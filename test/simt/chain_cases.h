#pragma once

#include <cstddef>
#include <vector>

#include "maskers/layer_cache.h"

namespace simt {

// Chains on a device cache beside the CPU's.

inline constexpr size_t kChainKeys = 300;
inline constexpr uint32_t kChainLayer = 3;

sparsetune::MaskerConfig Masker(sparsetune::MaskerKind kind, double size, bool is_fraction = false);
sparsetune::MaskerConfig Int8TopK(double size);
sparsetune::MaskerConfig TopP(double share);
/// With networks of `hidden` and then `n_bits` numbers for each of `n_heads` heads.
sparsetune::MaskerConfig HashTopK(double size, size_t n_heads, size_t head_dim, size_t hidden = 24,
                                  size_t n_bits = 70);
/// By a channel of each `group_factor`, in other orders for each of `n_heads` heads.
sparsetune::MaskerConfig DoubleSparsity(double size, size_t n_heads, size_t head_dim,
                                        uint32_t group_factor = 16);

struct ChainCase {
  const char* title;
  std::vector<sparsetune::MaskerConfig> maskers;
  sparsetune::LayerCache::Shape shape = {2, 64, sparsetune::Dtype::kF16, kChainKeys};
  size_t group_size = 2;
  size_t n_keys = kChainKeys;
};

/// What a test appends and asks; two query positions.
struct ChainInputs {
  explicit ChainInputs(const ChainCase& chain_case);

  sparsetune::Status AppendTo(sparsetune::LayerCache* cache, size_t begin, size_t end) const;

  sparsetune::LayerCache::Shape shape;
  std::vector<float> keys;
  std::vector<float> values;
  std::vector<float> queries;
  sparsetune::ForwardInput forward;
};

/// A call that must succeed.
sparsetune::ForwardOutput Run(sparsetune::LayerCache* cache, const sparsetune::ForwardInput& input);

/// The same keys and statistics; probabilities and output within rounding.
void ExpectSame(const sparsetune::ForwardOutput& found, const sparsetune::ForwardOutput& expected);

}  // namespace simt
