#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2")

namespace sparsetune {
namespace {

using Ints = __m256i;
constexpr size_t kLanes = 8;
constexpr int kTileVecs = 2;
constexpr int32_t kBias = 128;

// Products of 16 bits: channels 0 and 2 of a key make one sum of 32 bits, channels 1 and 3 another.
struct Pairs {
  __m256i even;
  __m256i odd;
};
using Keys = Pairs;
using Codes = Pairs;

SPARSETUNE_INLINE void PrefetchNext(const uint8_t* p) {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1);
}
SPARSETUNE_INLINE void PrefetchNear(const uint8_t* p) {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
}
inline Ints SetInts(int32_t value) { return _mm256_set1_epi32(value); }
inline Keys LoadKeys(const uint8_t* p) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return {_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(bytes, 8)};
}
inline Codes LoadCodes(const int8_t* p) {
  int32_t word = 0;
  __builtin_memcpy(&word, p, sizeof word);
  const __m256i bytes = _mm256_set1_epi32(word);
  return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
}
inline Ints AddProducts(Ints sum, const Keys& keys, const Codes& codes) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(keys.even, codes.even));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(keys.odd, codes.odd));
}
inline void StoreScaled(float* p, Ints sums, const float* scales) {
  _mm256_storeu_ps(p, _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(scales)));
}

#include "kernels/quantized_scores/quantized_scores_body.inl"

}  // namespace

void QuantizedScoresAvx2(const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                         size_t stride) {
  ScoreBlocks(queries, keys, scores, stride);
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
