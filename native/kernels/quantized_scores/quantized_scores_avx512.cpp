#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,avx512f,avx512bw,avx512dq,avx512vl")

namespace sparsetune {
namespace {

using Ints = __m512i;
constexpr size_t kLanes = 16;
constexpr int kTileVecs = 4;
constexpr int32_t kBias = 128;

// Products of 16 bits: channels 0 and 2 of a key make one sum of 32 bits, channels 1 and 3 another.
struct Pairs {
  __m512i even;
  __m512i odd;
};
using Keys = Pairs;
using Codes = Pairs;

inline void PrefetchNear(const uint8_t* p) {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
}
inline Ints SetInts(int32_t value) { return _mm512_set1_epi32(value); }
inline Keys LoadKeys(const uint8_t* p) {
  const __m512i bytes = _mm512_loadu_si512(p);
  return {_mm512_and_si512(bytes, _mm512_set1_epi16(0xff)), _mm512_srli_epi16(bytes, 8)};
}
inline Codes LoadCodes(const int8_t* p) {
  int32_t word = 0;
  __builtin_memcpy(&word, p, sizeof word);
  const __m512i bytes = _mm512_set1_epi32(word);
  return {_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), _mm512_srai_epi16(bytes, 8)};
}
inline Ints AddProducts(Ints sum, const Keys& keys, const Codes& codes) {
  sum = _mm512_add_epi32(sum, _mm512_madd_epi16(keys.even, codes.even));
  return _mm512_add_epi32(sum, _mm512_madd_epi16(keys.odd, codes.odd));
}
inline void StoreScaled(float* p, Ints sums, const float* scales) {
  _mm512_storeu_ps(p, _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(scales)));
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
