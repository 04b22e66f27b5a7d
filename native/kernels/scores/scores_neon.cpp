#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/scores/scores_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

#include "core/vec_neon.inl"
#include "kernels/scores/scores_body.inl"
#include "kernels/scores/scores_rows.inl"

}  // namespace

void ScoresNeon(const float* const* queries, size_t n_queries, const ScoreRows& rows, float* scores,
                size_t stride) {
  WithElement(rows.dtype, [&](auto type) {
    ScoreRowsOf<decltype(type)>(queries, n_queries, rows, scores, stride);
  });
}

}  // namespace sparsetune

#endif
