#include "kernels/scores/scores.h"

#include "core/element.h"
#include "core/versions.h"
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
  const auto version = SPARSETUNE_VERSION(Scores, isa);
  if (version == nullptr) return Status::kUnsupported;
  if (rows.head_dim > kPanelFloats) {
    ScoresScalar(queries, n_queries, rows, scores, stride);
  } else {
    version(queries, n_queries, rows, scores, stride);
  }
  return Status::kOk;
}

}  // namespace sparsetune
