#include "kernels/pages/pages.h"

#include <algorithm>

#include "core/f16.h"
#include "core/target.h"
#include "kernels/pages/pages_isa.h"

namespace sparsetune {
namespace {

float Element(const PageBounds& pages, size_t at) {
  if (pages.dtype == Dtype::kF32) return static_cast<const float*>(pages.bounds)[at];
  return HalfToFloat(static_cast<const uint16_t*>(pages.bounds)[at]);
}

}  // namespace

void PageScoresScalar(const float* const* queries, size_t n_queries, const PageBounds& pages,
                      float* scores, size_t stride) {
  for (size_t p = 0; p < pages.n; ++p) {
    const size_t low = 2 * p * pages.head_dim;
    const size_t high = low + pages.head_dim;
    for (size_t g = 0; g < n_queries; ++g) {
      float sum = 0;
      for (size_t i = 0; i < pages.head_dim; ++i) {
        const float q = queries[g][i];
        sum += std::max(q * Element(pages, low + i), q * Element(pages, high + i));
      }
      scores[g * stride + p] = sum;
    }
  }
}

Status PageScores(const float* const* queries, size_t n_queries, const PageBounds& pages, Isa isa,
                  float* scores, size_t stride) {
  if (n_queries == 0 || pages.head_dim == 0 || stride < pages.n) return Status::kInvalidShape;
  switch (isa) {
    case Isa::kScalar:
      PageScoresScalar(queries, n_queries, pages, scores, stride);
      return Status::kOk;
#if SPARSETUNE_X86_KERNELS
    case Isa::kAvx2:
      PageScoresAvx2(queries, n_queries, pages, scores, stride);
      return Status::kOk;
    case Isa::kAvx512:
      PageScoresAvx512(queries, n_queries, pages, scores, stride);
      return Status::kOk;
#endif
    default:
      return Status::kUnsupported;
  }
}

}  // namespace sparsetune
