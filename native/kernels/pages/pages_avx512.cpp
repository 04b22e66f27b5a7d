#include <cstddef>
#include <cstdint>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/pages/pages_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

namespace sparsetune {
namespace {

#include "core/vec_avx512.inl"
#include "kernels/pages/pages_body.inl"

}  // namespace

void PageScoresAvx512(const float* const* queries, size_t n_queries, const PageBounds& pages,
                      float* scores, size_t stride) {
  WithElement(pages.dtype, [&](auto type) {
    PageScoresOf<decltype(type)>(queries, n_queries, pages, scores, stride);
  });
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
