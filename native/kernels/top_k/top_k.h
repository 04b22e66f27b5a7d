#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"

namespace sparsetune {

/// Floats of scratch that TopK needs for n scores.
inline constexpr size_t TopKRoom(size_t n) { return n + 32; }

/// The k largest scores; of equal scores the one with the lower index wins.
///
/// @param[in]  scores   [n], not NaN; infinities are allowed, -0 equals +0
/// @param[in]  n        at most 2^32 - 1; may be 0
/// @param[in]  k        how many; more than n means n
/// @param[in]  isa      one that SupportsIsa
/// @param      room     [TopKRoom(n)] overwritten, apart from `scores` and `indices`
/// @param[out] indices  [min(k, n)] ascending
/// @return kInvalidArgument if a score is NaN (`indices` is then unspecified); kUnsupported for an
///         instruction set that is not built
///
/// Exact, whatever the scores: every instruction set gives the same indices. A sample of the scores
/// brackets the k-th largest, one pass counts what is above the bracket and packs what is inside,
/// quickselect finds the k-th largest there, and one pass collects. A bracket that misses costs one
/// pass more. No allocation; at most 8 KiB of stack. Safe to call from several threads.
Status TopK(const float* scores, size_t n, size_t k, Isa isa, float* room, uint32_t* indices);

}  // namespace sparsetune
