#include <cstddef>
#include <cstdint>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/limits/limits_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

namespace sparsetune {
namespace {

#include "core/vec_avx512.inl"
#include "kernels/limits/limits_body.inl"

}  // namespace

float StreamReadAvx512(const float* data, size_t n, size_t ahead) {
  return StreamReadBody(data, n, ahead);
}
float GatherReadAvx512(const GatherRows& rows, size_t rows_ahead) {
  return GatherReadBody(rows, rows_ahead);
}
float FmaRoundsAvx512(size_t n_rounds) { return FmaRoundsBody<kFmaChains>(n_rounds); }

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
