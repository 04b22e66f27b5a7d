#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"

namespace sparsetune {

/// A score and where it stands.
struct ScoredKey {
  float score = 0;
  float weight = 0;  ///< exp(scale * (score - largest score))
  uint32_t index = 0;
};

/// The fewest entries, by falling score, that hold a share of the softmax mass: the shortest prefix
/// of the sorted scores whose sum of exp(scale * score) is at least top_p of the whole sum; at
/// least one. Of equal scores the one with the lower index comes first.
///
/// @param[in]  scores  [n], not NaN and not infinite
/// @param[in]  n       1..2^32 - 1
/// @param[in]  scale   positive or not: the order is that of the softmax, scale * score
/// @param[in]  top_p   0..1
/// @param      room    [n], overwritten; only as much as the scores near the cut need
/// @param[out] chosen  [n]; the first *n_chosen are written, ascending
/// @return kInvalidArgument if a score is not finite, kInvalidShape if n is 0
///
/// Cost: n exponentials, three passes, a sort of the scores within 1/32 of the cut (in the
/// exponent), 8 KiB of stack; no allocation. One version for all instruction sets; weights are
/// floats, summed in double, so the cut is where it should be to about 1e-7 of the mass. Safe to
/// call from several threads.
Status TopP(const float* scores, size_t n, float scale, double top_p, ScoredKey* room,
            uint32_t* chosen, size_t* n_chosen);

}  // namespace sparsetune
