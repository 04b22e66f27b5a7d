// What the two AVX-512 versions of quantized_scores have in common. Included inside a target region
// and the instruction set's own anonymous namespace; includes nothing itself.

using Ints = __m512i;
constexpr size_t kLanes = 16;
constexpr int kTileVecs = 4;
constexpr int32_t kBias = 128;

SPARSETUNE_INLINE void PrefetchNext(const uint8_t* p) {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1);
}
SPARSETUNE_INLINE void PrefetchNear(const uint8_t* p) {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
}
inline Ints SetInts(int32_t value) { return _mm512_set1_epi32(value); }
/// The codes of four channels, over and over.
inline __m512i RepeatCodes(const int8_t* p) {
  int32_t word = 0;
  __builtin_memcpy(&word, p, sizeof word);
  return _mm512_set1_epi32(word);
}
inline void StoreScaled(float* p, Ints sums, const float* scales) {
  _mm512_storeu_ps(p, _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(scales)));
}
