#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

namespace sparsetune {
namespace {

#include "kernels/quantized_scores/quantized_scores_avx512.inl"

using Keys = __m512i;
using Codes = __m512i;

inline Keys LoadKeys(const uint8_t* p) { return _mm512_loadu_si512(p); }
inline Codes LoadCodes(const int8_t* p) { return RepeatCodes(p); }
inline Ints AddProducts(Ints sum, Keys keys, Codes codes) {
  return _mm512_dpbusd_epi32(sum, keys, codes);
}

#include "kernels/quantized_scores/quantized_scores_body.inl"

}  // namespace

void QuantizedScoresVnni(const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                         size_t stride) {
  ScoreBlocks(queries, keys, scores, stride);
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
