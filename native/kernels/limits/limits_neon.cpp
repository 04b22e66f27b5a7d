#include <cstddef>
#include <cstdint>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/limits/limits_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

#include "core/vec_neon.inl"
#include "kernels/limits/limits_body.inl"

}  // namespace

float StreamReadNeon(const float* data, size_t n, size_t ahead) {
  return StreamReadBody(data, n, ahead);
}
float GatherReadNeon(const GatherRows& rows, size_t rows_ahead) {
  return GatherReadBody(rows, rows_ahead);
}
float FmaRoundsNeon(size_t n_rounds) { return FmaRoundsBody<kNeonFmaChains>(n_rounds); }

}  // namespace sparsetune

#endif
