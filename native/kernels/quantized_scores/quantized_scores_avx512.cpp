#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,avx512f,avx512bw,avx512dq,avx512vl")

namespace sparsetune {
namespace {

#include "kernels/quantized_scores/quantized_scores_avx512.inl"

// Products of 16 bits: channels 0 and 2 of a key make one sum of 32 bits, channels 1 and 3 another.
struct Pairs {
  __m512i even;
  __m512i odd;
};
using Keys = Pairs;
using Codes = Pairs;

inline Keys LoadKeys(const uint8_t* p) {
  const __m512i bytes = _mm512_loadu_si512(p);
  return {_mm512_and_si512(bytes, _mm512_set1_epi16(0xff)), _mm512_srli_epi16(bytes, 8)};
}
inline Codes LoadCodes(const int8_t* p) {
  const __m512i bytes = RepeatCodes(p);
  return {_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), _mm512_srai_epi16(bytes, 8)};
}
inline Ints AddProducts(Ints sum, const Keys& keys, const Codes& codes) {
  sum = _mm512_add_epi32(sum, _mm512_madd_epi16(keys.even, codes.even));
  return _mm512_add_epi32(sum, _mm512_madd_epi16(keys.odd, codes.odd));
}

#include "kernels/quantized_scores/quantized_scores_body.inl"

}  // namespace

void QuantizedScoresAvx512(const QuantizedQueries& queries, const QuantizedKeys& keys,
                           float* scores, size_t stride) {
  ScoreBlocks(queries, keys, scores, stride);
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
