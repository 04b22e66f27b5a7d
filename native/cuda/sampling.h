#pragma once

#include <cstdint>

#include "core/philox.h"
#include "core/status.h"
#include "cuda/selection.h"
#include "cuda/stream.h"

namespace sparsetune::cuda {

/// Which draws: the DrawKey of the CPU kernels, whose query heads are first_q_head, + 1, ...
struct Draws {
  uint64_t seed = 0;
  DrawDomain domain = DrawDomain::kRandomSample;
  uint32_t layer = 0;
  uint32_t first_q_head = 0;
  uint32_t position = 0;
};

/// How many keys each head draws of those it may.
struct DrawCount {
  const uint32_t* counts = nullptr;  ///< [n_q_heads], or null: the rate, or the fixed number
  double rate = 0;                   ///< share of the keys left, at least one; 0: the fixed number
  uint32_t fixed = 0;
};

/// Keys that may be drawn: those of [begin, end) in neither set of the head.
struct DrawFrom {
  KeySets kept;
  KeySets also_kept;  ///< may have null words
  size_t begin = 0;
  size_t end = 0;
};

/// Draws without replacement, uniformly: the keys that DrawKeys of the CPU's maskers draws from the
/// same seed. A head that would draw as many as are left takes all of them.
///
/// @param[out] drawn       sets, overwritten; none of `from`
/// @param      scratch     [n_q_heads, drawn.stride], overwritten
/// @param[out] log_weight  [n_q_heads] ln(keys left / keys drawn), 0 where all are taken, or null
///
/// One launch, a block a head. Floyd's method, all draws of a chunk at once: whether a number was
/// drawn before depends on few others. Integers only: the same sets as on the CPU.
Status DrawKeys(const Draws& draws, const DrawCount& count, const DrawFrom& from,
                const KeySets& drawn, uint32_t* scratch, float* log_weight, Stream stream);

/// What an adaptive sample knows before its second draw.
struct AdaptiveInput {
  double epsilon = 0;   ///< BudgetInput of the CPU kernels
  double quantile = 0;  ///< for n_base
  float scale = 0;
  const float* run_scores = nullptr;  ///< [n_q_heads, run_stride] of the keys of ranges
  size_t n_run = 0;
  size_t run_stride = 0;
  const float* kept_scores = nullptr;     ///< [n_q_heads, kept_stride] of the keys a head keeps
  const float* kept_weights = nullptr;    ///< their log weights, or null
  const uint32_t* kept_counts = nullptr;  ///< [n_q_heads], or null: none
  size_t kept_stride = 0;
  const float* base_scores = nullptr;  ///< [n_q_heads, base_stride] of the first sample
  uint32_t n_base = 0;                 ///< at least 2
  size_t base_stride = 0;
  uint32_t n_range = 0;  ///< keys between sink and local
};

/// The size of each head's second sample: SampleBudget of the CPU kernels, on the device.
///
/// @param[out] budgets  [n_q_heads] keys to draw
///
/// One launch, a block a head; exponentials and sums in double. Agrees with the CPU where the
/// budget is not within 1e-9 of a whole number.
Status AdaptiveBudgets(const AdaptiveInput& input, size_t n_q_heads, uint32_t* budgets,
                       Stream stream);

}  // namespace sparsetune::cuda
