#include <cstddef>
#include <cstdint>

#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/lsh/lsh_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

namespace sparsetune {
namespace {

#include "core/vec_avx512.inl"
#include "kernels/scores/scores_body.inl"
// After the score tiles it is built from.
#include "kernels/lsh/lsh_body.inl"

}  // namespace

void LshCodesAvx512(const LshCodesArgs& args) { CodesOf(args); }

void LshMatchAvx512(const LshMatchArgs& args) {
  if (args.params.lsh_k <= 8) {
    MatchOf<uint8_t>(args);
  } else {
    MatchOf<uint16_t>(args);
  }
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
