#include "kernels/scores/scores.h"

#include "core/element.h"
#include "core/target.h"
#include "kernels/scores/scores_isa.h"

namespace sparsetune {

void ScoresScalar(const float* const* queries, size_t n_queries, const ScoreRows& rows,
                  float* scores, size_t stride) {
  for (size_t r = 0; r < rows.n; ++r) {
    const size_t row = rows.indices == nullptr ? r : rows.indices[r];
    for (size_t g = 0; g < n_queries; ++g) {
      float dot = 0;
      for (size_t i = 0; i < rows.head_dim; ++i) {
        dot += queries[g][i] * ReadElement(rows.keys, rows.dtype, row * rows.head_dim + i);
      }
      scores[g * stride + r] = dot;
    }
  }
}

Status Scores(const float* const* queries, size_t n_queries, const ScoreRows& rows, Isa isa,
              float* scores, size_t stride) {
  if (n_queries == 0 || rows.head_dim == 0 || stride < rows.n) return Status::kInvalidShape;
  switch (isa) {
    case Isa::kScalar:
      ScoresScalar(queries, n_queries, rows, scores, stride);
      return Status::kOk;
#if SPARSETUNE_X86_KERNELS
    case Isa::kAvx2:
      ScoresAvx2(queries, n_queries, rows, scores, stride);
      return Status::kOk;
    case Isa::kAvx512:
      ScoresAvx512(queries, n_queries, rows, scores, stride);
      return Status::kOk;
#endif
    default:
      return Status::kUnsupported;
  }
}

}  // namespace sparsetune
