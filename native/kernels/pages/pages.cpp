#include "kernels/pages/pages.h"

#include <algorithm>

#include "core/element.h"
#include "core/versions.h"
#include "kernels/pages/pages_isa.h"

namespace sparsetune {

void PageScoresScalar(const float* const* queries, size_t n_queries, const PageBounds& pages,
                      float* scores, size_t stride) {
  for (size_t p = 0; p < pages.n; ++p) {
    const size_t low = 2 * p * pages.head_dim;
    const size_t high = low + pages.head_dim;
    for (size_t g = 0; g < n_queries; ++g) {
      float sum = 0;
      for (size_t i = 0; i < pages.head_dim; ++i) {
        const float q = queries[g][i];
        sum += std::max(q * ReadElement(pages.bounds, pages.dtype, low + i),
                        q * ReadElement(pages.bounds, pages.dtype, high + i));
      }
      scores[g * stride + p] = sum;
    }
  }
}

Status PageScores(const float* const* queries, size_t n_queries, const PageBounds& pages, Isa isa,
                  float* scores, size_t stride) {
  if (n_queries == 0 || pages.head_dim == 0 || stride < pages.n) return Status::kInvalidShape;
  const auto version = SPARSETUNE_VERSION(PageScores, isa);
  if (version == nullptr) return Status::kUnsupported;
  version(queries, n_queries, pages, scores, stride);
  return Status::kOk;
}

}  // namespace sparsetune
