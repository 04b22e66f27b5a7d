// Vectors of AVX-512 under the names the kernel bodies use. Included inside a target region and the
// instruction set's own anonymous namespace; includes nothing itself.

using Vec = __m512;
constexpr size_t kLanes = 16;
constexpr int kScoreHeads = 4;  ///< queries per score tile: 4 rows x 4 queries in 16 registers
/// Vectors per value tile of so many queries: 4 x 4, 3 x 8 ... accumulators in 16 to 24 registers.
constexpr int ValueVecs(int heads) { return heads == 4 ? 4 : 8; }
constexpr bool kLoadsApart = true;  ///< Bf16 by LoadEven and LoadOdd

inline __mmask16 PartMask(size_t n) { return static_cast<__mmask16>((1u << n) - 1u); }

inline Vec Zero() { return _mm512_setzero_ps(); }
inline Vec Set1(float value) { return _mm512_set1_ps(value); }
/// `value` in the first lane, zeros after it.
inline Vec First(float value) { return _mm512_zextps128_ps512(_mm_set_ss(value)); }
inline Vec Load(const float* p) { return _mm512_loadu_ps(p); }
inline Vec Load(const F16* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
/// The floats of sixteen halves that are the upper ones.
inline Vec FromUpperHalves(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}
inline Vec Load(const Bf16* p) {
  return FromUpperHalves(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
/// The even ones and the odd ones of 2 * kLanes elements: cheaper to widen than halves in order.
inline Vec LoadEven(const Bf16* p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}
inline Vec LoadOdd(const Bf16* p) {
  const __m512i upper = _mm512_set1_epi32(-65536);
  return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), upper));
}
/// Even and odd elements of two vectors that are in order.
inline void TakeApart(Vec* first, Vec* second) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  const Vec evens = _mm512_permutex2var_ps(*first, even, *second);
  *second = _mm512_permutex2var_ps(*first, odd, *second);
  *first = evens;
}
/// Two vectors in order of their even and odd elements.
inline void PutTogether(Vec* even, Vec* odd) {
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  const Vec first = _mm512_permutex2var_ps(*even, low, *odd);
  *odd = _mm512_permutex2var_ps(*even, high, *odd);
  *even = first;
}
/// The first n < kLanes elements, zeros after them; reads nothing beyond.
inline Vec LoadPart(const float* p, size_t n) { return _mm512_maskz_loadu_ps(PartMask(n), p); }
inline Vec LoadPart(const F16* p, size_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(PartMask(n), p));
}
inline Vec LoadPart(const Bf16* p, size_t n) {
  return FromUpperHalves(_mm256_maskz_loadu_epi16(PartMask(n), p));
}
inline void Store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
inline void StorePart(float* p, Vec v, size_t n) { _mm512_mask_storeu_ps(p, PartMask(n), v); }
inline Vec Add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
inline Vec Sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
inline Vec Mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
inline Vec Max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline bool AnyGreater(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ) != 0; }
/// The first n < kLanes elements of a, then those of b.
inline Vec SelectPart(size_t n, Vec a, Vec b) { return _mm512_mask_mov_ps(b, PartMask(n), a); }
/// a * b + c
inline Vec MulAdd(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline float ReduceMax(Vec v) { return _mm512_reduce_max_ps(v); }
inline float ReduceAdd(Vec v) { return _mm512_reduce_add_ps(v); }

/// The sums of four vectors, in order. The order of additions is the same for each of the four.
inline __m128 Reduce4(Vec a, Vec b, Vec c, Vec d) {
  const Vec ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const Vec cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  const Vec low = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
  const Vec high = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
  const Vec sum = _mm512_add_ps(low, high);
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
  return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

/// Writes what Reduce4 gives.
inline void Store4(float* p, __m128 sums) { _mm_storeu_ps(p, sums); }

/// e^x for x <= 88, within 2 ulp; 0 below -87.3 and for -infinity.
inline Vec Exp(Vec x) {
  const __mmask16 alive = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.3f), _CMP_GE_OQ);
  const Vec n = _mm512_roundscale_ps(_mm512_mul_ps(x, Set1(1.44269504f)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  Vec r = _mm512_fnmadd_ps(n, Set1(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, Set1(-2.12194440e-4f), r);
  Vec p = Set1(1.9875691500e-4f);
  p = MulAdd(p, r, Set1(1.3981999507e-3f));
  p = MulAdd(p, r, Set1(8.3334519073e-3f));
  p = MulAdd(p, r, Set1(4.1665795894e-2f));
  p = MulAdd(p, r, Set1(1.6666665459e-1f));
  p = MulAdd(p, r, Set1(5.0000001201e-1f));
  p = MulAdd(p, Mul(r, r), Add(r, Set1(1.0f)));
  return _mm512_maskz_scalef_ps(alive, p, n);
}

/// One bit per element that is at least 0.
inline uint32_t SignBits(Vec v) { return _mm512_cmp_ps_mask(v, Zero(), _CMP_GE_OQ); }

/// Bit i is set where keys[i] == code, for 64 keys.
inline uint64_t EqualBits(const uint8_t* keys, uint16_t code) {
  return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(keys),
                                _mm512_set1_epi8(static_cast<char>(code)));
}
inline uint64_t EqualBits(const uint16_t* keys, uint16_t code) {
  const __m512i wanted = _mm512_set1_epi16(static_cast<short>(code));
  const __mmask32 low = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(keys), wanted);
  const __mmask32 high = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(keys + 32), wanted);
  // Not by shifts: where GCC 12 spills `low`, it widens it to 64 bits with garbage above.
  return _mm512_kunpackd(high, low);
}

/// Into the second cache; PrefetchNear into the first.
SPARSETUNE_INLINE void Prefetch(const void* p) {
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1);
}
SPARSETUNE_INLINE void PrefetchNear(const void* p) {
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
}
