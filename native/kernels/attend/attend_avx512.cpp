#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/attend/attend_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

namespace sparsetune {
namespace {

#include "core/vec_avx512.inl"
#include "kernels/scores/scores_body.inl"
// After the score tiles it is built from.
#include "kernels/attend/attend_body.inl"

}  // namespace

void AttendAvx512(const AttendQueries& queries, const AttendRows& rows, AttendState* state) {
  WithElement(rows.dtype, [&](auto type) { AttendAll<decltype(type)>(queries, rows, state); });
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
