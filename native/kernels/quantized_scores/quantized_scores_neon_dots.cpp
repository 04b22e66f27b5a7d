#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

#if SPARSETUNE_ARM64_BYTE_DOTS

#if !defined(__ARM_FEATURE_DOTPROD)
SPARSETUNE_TARGET_BEGIN("arch=armv8.2-a+dotprod")
#define SPARSETUNE_IN_REGION 1
#endif

namespace sparsetune {
namespace {

#include "kernels/quantized_scores/quantized_scores_neon.inl"

inline Ints AddProducts(Ints sum, Keys keys, Codes codes) { return vdotq_s32(sum, keys, codes); }

#include "kernels/quantized_scores/quantized_scores_body.inl"

}  // namespace

void QuantizedScoresNeonDots(const QuantizedQueries& queries, const QuantizedKeys& keys,
                             float* scores, size_t stride) {
  ScoreBlocks(queries, keys, scores, stride);
}

}  // namespace sparsetune

#if defined(SPARSETUNE_IN_REGION)
SPARSETUNE_TARGET_END
#endif
#endif
