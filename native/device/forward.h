#pragma once

#include <vector>

#include "device/position.h"
#include "maskers/layer_cache.h"

namespace sparsetune::device {

/// Room for a call over as many keys as the cache has memory for, so that it grows when the cache
/// does.
///
/// @throws DeviceFailure
void ReserveFor(const ForwardInput& input, const CachedKeys& keys, Workspace* work);

/// Runs a chain for all query positions of a call whose queries are on the device, and leaves the
/// outputs there. Waits once, for the statistics (and at each position where a mask is wanted).
///
/// @param[in]  input        `queries` is not read
/// @param[in]  states       one a masker, extended to all keys; null where it needs none
/// @param[out] host_output  [n_q, n_q_heads, head_dim]: a copy on the host, or null; then the rows
///                          of the output lie one after another
/// @param[out] stats        added to
/// @param[out] mask         or null
/// @throws DeviceFailure, std::bad_alloc
void AttendOnDevice(const ForwardInput& input, const CachedKeys& keys,
                    const std::vector<const KeyState*>& states, const DeviceRows& rows,
                    Workspace* work, float* host_output, GroupStats* stats, MaskRecord* mask);

/// The same from the queries of the host, with the output there.
void ForwardOnDevice(const ForwardInput& input, const CachedKeys& keys,
                     const std::vector<const KeyState*>& states, Workspace* work,
                     ForwardOutput* result);

}  // namespace sparsetune::device
