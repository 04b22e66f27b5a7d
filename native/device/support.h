#pragma once

#include <cstddef>
#include <string>

#include "maskers/config.h"

namespace sparsetune::device {

// Why the GPU cannot run something, in a sentence that names it; empty where it can. Needs neither
// CUDA nor a driver.

/// A chain of maskers: exact semantics; sink and local anywhere; at most one of top_k, top_p,
/// quest, double_sparsity and hash_top_k (of networks that are not too large); then at most one of
/// random_sampling, adaptive_sampling and magic_pig, of which adaptive_sampling takes a fraction
/// only where all heads have as many keys left as each other.
std::string WhyNotChain(const ChainConfig& chain);

/// Sizes of a head and of a group.
std::string WhyNotHeads(size_t head_dim, size_t group_size);

}  // namespace sparsetune::device
