#include <cstddef>
#include <cstdint>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/lsh/lsh_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

#include "core/vec_neon.inl"
#include "kernels/lsh/lsh_neon.inl"
// After the operations they are built from.
#include "kernels/lsh/buckets_body.inl"
#include "kernels/lsh/centre_body.inl"
#include "kernels/lsh/cut_codes_body.inl"
#include "kernels/lsh/lsh_body.inl"
#include "kernels/lsh/weights_body.inl"

}  // namespace

void LshCodesNeon(const LshCodesArgs& args) { CodesOf(args); }

void LshMatchNeon(const LshMatchArgs& args) {
  if (args.params.lsh_k <= 8) {
    MatchOf<uint8_t>(args);
  } else {
    MatchOf<uint16_t>(args);
  }
}

void LshLookUpNeon(const LshLookUpArgs& args) { LookUpOf(args); }

void LshLogWeightsNeon(const LshWeightsArgs& args) { LogWeightsOf(args); }

void LshAddRowsNeon(const LshRows& rows, double* sums) {
  WithElement(rows.dtype, [&](auto type) { AddRowsOf<decltype(type)>(rows, sums); });
}

void LshCentreNeon(const LshRows& rows, const float* mean, float* centred, float* norms) {
  WithElement(rows.dtype, [&](auto type) { CentreOf<decltype(type)>(rows, mean, centred, norms); });
}

}  // namespace sparsetune

#endif
