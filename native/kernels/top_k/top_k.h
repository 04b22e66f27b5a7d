#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/cpu.h"
#include "core/status.h"

namespace sparsetune {

/// Memory of TopK, which grows to what the longest call needs and is used again.
struct TopKRoom {
  std::vector<float> inside;       ///< scores that may be the k-th largest
  std::vector<uint64_t> marks;     ///< a bit per score
  std::vector<uint32_t> near;      ///< indices of the scores marked
  std::vector<float> near_scores;  ///< those scores
};

/// The k largest scores; of equal scores the one with the lower index wins.
///
/// @param[in]  scores   [n], not NaN; infinities are allowed, -0 equals +0
/// @param[in]  n        at most 2^32 - 1; may be 0
/// @param[in]  k        how many; more than n means n
/// @param[in]  isa      one that SupportsIsa
/// @param      room     any; overwritten
/// @param[out] indices  [min(k, n)] ascending
/// @return kInvalidArgument if a score is NaN (`indices` is then unspecified); kUnsupported for an
///         instruction set that is not built
///
/// Exact, whatever the scores: every instruction set gives the same indices. A sample of the scores
/// brackets the k-th largest, one pass counts what is above the bracket and packs what is inside,
/// quickselect finds the k-th largest there, and one pass collects. Where few are chosen a first
/// pass marks what is not below the bracket, and the others see only that. A bracket that misses
/// costs more passes. No allocation but in `room`; at most 8 KiB of stack. Safe to call from
/// several threads with a room each.
Status TopK(const float* scores, size_t n, size_t k, Isa isa, TopKRoom* room, uint32_t* indices);

}  // namespace sparsetune
