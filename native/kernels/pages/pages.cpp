#include "kernels/pages/pages.h"

#include <algorithm>
#include <array>

#include "kernels/scores/scores.h"

namespace sparsetune {
namespace {

/// Queries of one pass over the pages.
constexpr size_t kPassQueries = 32;

/// [min(q, 0), max(q, 0)]: its dot product with [smallest, largest] takes of each channel the
/// product that is the larger one.
void SplitSigns(const float* query, size_t head_dim, float* split) {
  for (size_t i = 0; i < head_dim; ++i) {
    split[i] = std::min(query[i], 0.0f);
    split[head_dim + i] = std::max(query[i], 0.0f);
  }
}

}  // namespace

Status PageScores(const float* const* queries, size_t n_queries, const PageBounds& pages, Isa isa,
                  float* room, float* scores, size_t stride) {
  if (n_queries == 0 || pages.head_dim == 0 || stride < pages.n) return Status::kInvalidShape;
  const size_t row = 2 * pages.head_dim;
  const ScoreRows rows = {pages.bounds, pages.dtype, row, nullptr, pages.n};
  for (size_t first = 0; first < n_queries; first += kPassQueries) {
    const size_t n = std::min(kPassQueries, n_queries - first);
    std::array<const float*, kPassQueries> split;
    for (size_t g = 0; g < n; ++g) {
      SplitSigns(queries[first + g], pages.head_dim, room + g * row);
      split[g] = room + g * row;
    }
    const Status status = Scores(split.data(), n, rows, isa, scores + first * stride, stride);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace sparsetune
