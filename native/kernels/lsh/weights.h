#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"
#include "kernels/lsh/lsh.h"

namespace sparsetune {

inline constexpr size_t kLshCurveParts = 512;

/// LshLogProbability of one (params, min_matches), prepared for many cosines at a time. With w =
/// log2(x), x the chance of one table, part i holds the cubic in -16 w - i that ln p - min_matches
/// * w * ln 2 is for -16 w in [i, i + 1]; below w = -32 it is constant to within 2^-22.
struct LshCurve {
  LshParams params;
  uint32_t min_matches = 0;
  float parts[kLshCurveParts][4] = {};
};

/// Prepares a curve: 2048 evaluations of the double formula. `params` are valid,
/// `min_matches` is 1 or 2.
void MakeLshCurve(const LshParams& params, uint32_t min_matches, LshCurve* curve);

/// What the angle between one query and a centred key needs besides their dot product.
struct LshQuery {
  double norm = 0;      ///< of the query
  double dot_mean = 0;  ///< query . mean key
};

/// -ln p, the log weight, of keys that match a query.
///
/// A zero vector has the code of all ones: it meets any other vector as one at a right angle would,
/// and another zero vector always.
///
/// @param[in]     query   see LshQuery
/// @param[in]     norms   [n] of the centred keys
/// @param[in]     n       may be 0
/// @param[in]     curve   of MakeLshCurve
/// @param[in]     isa     one that SupportsIsa
/// @param[in,out] scores  [n] query . key; then the log weights, at least 0
/// @return kUnsupported for an instruction set that is not built; `scores` is then untouched
///
/// The scalar version is LshLogProbability. For the same cosine the others differ from it by at
/// most min_matches * lsh_k * 2^-21 + |ln p| * 2^-21 + 2^-19. No allocation. Safe to call from
/// several threads.
Status LshLogWeights(const LshQuery& query, const float* norms, size_t n, const LshCurve& curve,
                     Isa isa, float* scores);

}  // namespace sparsetune
