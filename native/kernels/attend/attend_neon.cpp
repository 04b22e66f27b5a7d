#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/attend/attend_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

#include "core/vec_neon.inl"
#include "kernels/scores/scores_body.inl"
// After the score tiles it is built from.
#include "kernels/attend/attend_body.inl"

}  // namespace

void AttendNeon(const AttendQueries& queries, const AttendRows& rows, AttendState* state) {
  WithElement(rows.dtype, [&](auto type) { AttendAll<decltype(type)>(queries, rows, state); });
}

}  // namespace sparsetune

#endif
