#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace sparsetune {

/// A score and where it stands.
struct ScoredKey {
  float score = 0;
  uint32_t index = 0;
  double weight = 0;  ///< exp(scale * (score - largest score))
};

/// The fewest entries, by falling score, that hold a share of the softmax mass: the shortest prefix
/// of the sorted scores whose sum of exp(scale * score) is at least top_p of the whole sum; at
/// least one. Of equal scores the one with the lower index comes first.
///
/// @param[in]  scores  [n], not NaN and not infinite
/// @param[in]  n       1..2^32 - 1
/// @param[in]  scale   positive or not: the order is that of the softmax, scale * score
/// @param[in]  top_p   0..1
/// @param      room    [n], overwritten
/// @param[out] chosen  [n]; the first *n_chosen are written, ascending
/// @return kInvalidArgument if a score is not finite, kInvalidShape if n is 0
///
/// Cost: n exponentials and a selection in O(n) on average; no allocation. One version for all
/// instruction sets; sums in double. Safe to call from several threads.
Status TopP(const float* scores, size_t n, float scale, double top_p, ScoredKey* room,
            uint32_t* chosen, size_t* n_chosen);

}  // namespace sparsetune
