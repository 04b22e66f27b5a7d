#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/philox.h"

namespace sparsetune {

/// Draws that a DrawSequence makes at once.
inline constexpr size_t kFractions = 64;

/// Which draws: the same ones whenever all five are equal, on every instruction set.
struct DrawKey {
  uint64_t seed = 0;
  DrawDomain domain = DrawDomain::kRandomSample;
  uint32_t layer = 0;     ///< at most 65535
  uint32_t q_head = 0;    ///< query head
  uint32_t position = 0;  ///< of the query in its sequence
};

/// Independent uniform integers, two from each block of Philox {domain and layer, q_head, position,
/// block number}; the same ones on every instruction set. Made kFractions at a time.
class DrawSequence {
 public:
  /// `isa` is one that SupportsIsa.
  DrawSequence(const DrawKey& key, Isa isa) : key_(key), isa_(isa) {}

  /// Uniform in [0, bound), bound at least 1. Each value has probability 1 / bound to within
  /// 2^-64.
  uint32_t Below(uint32_t bound);

 private:
  void MakeFractions();

  DrawKey key_;
  Isa isa_;
  uint32_t n_blocks_ = 0;
  size_t n_used_ = kFractions;  ///< of the fractions
  uint64_t fractions_[kFractions];
};

/// A uniform sample of n numbers out of [0, population), without replacement: every subset of n is
/// equally likely, so each number is in it with probability n / population.
///
/// @param[in]  key         which draws
/// @param[in]  population  at most 2^32 - 1
/// @param[in]  n           at most population
/// @param[in]  isa         one that SupportsIsa
/// @param[out] bits        [ceil(population / 64)]; bit j of word w: number 64 w + j is in it
///
/// Cost: n draws, and a pass over `bits`; no allocation. Integers only: exact everywhere.
/// Source: R. Floyd, in J. Bentley, "A sample of brilliance", CACM 30 (1987).
void SampleWithoutReplacement(const DrawKey& key, uint32_t population, uint32_t n, Isa isa,
                              uint64_t* bits);

}  // namespace sparsetune
