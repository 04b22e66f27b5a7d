#pragma once

#include "core/status.h"
#include "maskers/config.h"

namespace sparsetune {

/// Whether exact semantics take a chain: kUnsupported for those of the hub, kInvalidArgument for a
/// parameter out of range or a second sampler.
Status CheckChain(const ChainConfig& chain);

/// Whether a kind attends keys with a probability below 1.
bool IsSampler(MaskerKind kind);

}  // namespace sparsetune
