#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

#include "kernels/quantized_scores/quantized_scores_neon.inl"

inline Ints AddProducts(Ints sum, Keys keys, Codes codes) {
  const int16x8_t low = vmull_s8(vget_low_s8(keys), vget_low_s8(codes));
  // Two products of at most 127 * 127 fit 16 bits.
  return vpadalq_s16(sum, vpaddq_s16(low, vmull_high_s8(keys, codes)));
}

#include "kernels/quantized_scores/quantized_scores_body.inl"

}  // namespace

void QuantizedScoresNeon(const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                         size_t stride) {
  ScoreBlocks(queries, keys, scores, stride);
}

}  // namespace sparsetune

#endif
