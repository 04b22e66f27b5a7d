#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

namespace sparsetune {
namespace {

using Ints = __m512i;
using Keys = __m512i;
using Codes = __m512i;
constexpr size_t kLanes = 16;
constexpr int kTileVecs = 4;
constexpr int32_t kBias = 128;

inline void PrefetchNear(const uint8_t* p) {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
}
inline Ints SetInts(int32_t value) { return _mm512_set1_epi32(value); }
inline Keys LoadKeys(const uint8_t* p) { return _mm512_loadu_si512(p); }
inline Codes LoadCodes(const int8_t* p) {
  int32_t word = 0;
  __builtin_memcpy(&word, p, sizeof word);
  return _mm512_set1_epi32(word);
}
inline Ints AddProducts(Ints sum, Keys keys, Codes codes) {
  return _mm512_dpbusd_epi32(sum, keys, codes);
}
inline void StoreScaled(float* p, Ints sums, const float* scales) {
  _mm512_storeu_ps(p, _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(scales)));
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
