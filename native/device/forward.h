#pragma once

#include <vector>

#include "device/key_states.h"
#include "device/workspace.h"
#include "maskers/layer_cache.h"

namespace sparsetune::device {

/// Runs a chain for all query positions of a call, and brings the results to the host.
///
/// @param[in]  states  one a masker, extended to all keys; null where it needs none
/// @throws DeviceFailure, std::bad_alloc
void ForwardOnDevice(const ForwardInput& input, const CachedKeys& keys,
                     const std::vector<const KeyState*>& states, Workspace* work,
                     ForwardOutput* result);

}  // namespace sparsetune::device
