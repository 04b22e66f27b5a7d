#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"

namespace sparsetune {

/// The k largest scores; of equal scores the one with the lower index wins.
///
/// @param[in]  scores   [n], not NaN; infinities are allowed, -0 equals +0
/// @param[in]  n        at most 2^32 - 1; may be 0
/// @param[in]  k        how many; more than n means n
/// @param[in]  isa      one that SupportsIsa
/// @param[out] indices  [min(k, n)] ascending
/// @return kInvalidArgument if a score is NaN (`indices` is then unspecified); kUnsupported for an
///         instruction set that is not built
///
/// Exact: every instruction set gives the same indices. Cost: at most four passes over the scores
/// and 8 KiB of stack; no allocation. Safe to call from several threads.
Status TopK(const float* scores, size_t n, size_t k, Isa isa, uint32_t* indices);

}  // namespace sparsetune
