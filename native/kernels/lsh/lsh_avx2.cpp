#include <cstddef>
#include <cstdint>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/lsh/lsh_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c")

namespace sparsetune {
namespace {

#include "core/vec_avx2.inl"
#include "kernels/lsh/lsh_avx2.inl"
#include "kernels/lsh/lsh_x86.inl"
// After the operations they are built from.
#include "kernels/lsh/buckets_body.inl"
#include "kernels/lsh/centre_body.inl"
#include "kernels/lsh/cut_codes_body.inl"
#include "kernels/lsh/lsh_body.inl"
#include "kernels/lsh/weights_body.inl"

}  // namespace

void LshCodesAvx2(const LshCodesArgs& args) { CodesOf(args); }

void LshMatchAvx2(const LshMatchArgs& args) {
  if (args.params.lsh_k <= 8) {
    MatchOf<uint8_t>(args);
  } else {
    MatchOf<uint16_t>(args);
  }
}

void LshLookUpAvx2(const LshLookUpArgs& args) { LookUpOf(args); }

void LshLogWeightsAvx2(const LshWeightsArgs& args) { LogWeightsOf(args); }

void LshAddRowsAvx2(const LshRows& rows, double* sums) {
  WithElement(rows.dtype, [&](auto type) { AddRowsOf<decltype(type)>(rows, sums); });
}

void LshCentreAvx2(const LshRows& rows, const float* mean, float* centred, float* norms) {
  WithElement(rows.dtype, [&](auto type) { CentreOf<decltype(type)>(rows, mean, centred, norms); });
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
