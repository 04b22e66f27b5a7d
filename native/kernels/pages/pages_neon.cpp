#include <cstddef>
#include <cstdint>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/pages/pages_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

#include "core/vec_neon.inl"
#include "kernels/pages/pages_body.inl"

}  // namespace

void PageScoresNeon(const float* const* queries, size_t n_queries, const PageBounds& pages,
                    float* scores, size_t stride) {
  WithElement(pages.dtype, [&](auto type) {
    PageScoresOf<decltype(type)>(queries, n_queries, pages, scores, stride);
  });
}

}  // namespace sparsetune

#endif
