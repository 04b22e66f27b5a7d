// Vectors of AVX2 (with FMA and F16C) under the names the kernel bodies use. Included inside a
// target region and the instruction set's own anonymous namespace; includes nothing itself.

using Vec = __m256;
constexpr size_t kLanes = 8;
constexpr int kScoreHeads = 2;  ///< queries per score tile: 4 rows x 2 queries in 8 registers
/// Vectors per value tile of so many queries: 4 x 2, 3 x 4 ... accumulators in 8 to 12 registers.
constexpr int ValueVecs(int heads) { return heads == 4 ? 2 : 4; }
constexpr bool kLoadsApart = true;  ///< Bf16 by LoadEven and LoadOdd

inline Vec Zero() { return _mm256_setzero_ps(); }
inline Vec Set1(float value) { return _mm256_set1_ps(value); }
/// `value` in the first lane, zeros after it.
inline Vec First(float value) { return _mm256_zextps128_ps256(_mm_set_ss(value)); }
inline Vec Load(const float* p) { return _mm256_loadu_ps(p); }
inline Vec Load(const F16* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline Vec Load(const Bf16* p) {
  const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}
/// The even ones and the odd ones of 2 * kLanes elements: cheaper to widen than halves in order.
inline Vec LoadEven(const Bf16* p) {
  const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
}
inline Vec LoadOdd(const Bf16* p) {
  const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32(-65536)));
}
/// `v` with its second and third quarter exchanged.
inline Vec ExchangeQuarters(Vec v) {
  return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), 0xd8));
}
/// Even and odd elements of two vectors that are in order.
inline void TakeApart(Vec* first, Vec* second) {
  const Vec even = ExchangeQuarters(_mm256_shuffle_ps(*first, *second, 0x88));
  *second = ExchangeQuarters(_mm256_shuffle_ps(*first, *second, 0xdd));
  *first = even;
}
/// Two vectors in order of their even and odd elements.
inline void PutTogether(Vec* even, Vec* odd) {
  const Vec low = _mm256_unpacklo_ps(*even, *odd);
  const Vec high = _mm256_unpackhi_ps(*even, *odd);
  *even = _mm256_permute2f128_ps(low, high, 0x20);
  *odd = _mm256_permute2f128_ps(low, high, 0x31);
}
inline __m256i PartMask(size_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}
/// The first n < kLanes elements, zeros after them; reads nothing beyond.
inline Vec LoadPart(const float* p, size_t n) { return _mm256_maskload_ps(p, PartMask(n)); }
template <typename T>
inline Vec LoadPart(const T* p, size_t n) {
  T part[kLanes] = {};
  for (size_t i = 0; i < n; ++i) part[i] = p[i];
  return Load(part);
}
inline void Store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
inline void StorePart(float* p, Vec v, size_t n) { _mm256_maskstore_ps(p, PartMask(n), v); }
inline Vec Add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
inline Vec Sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
inline Vec Mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
inline Vec Max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline bool AnyGreater(Vec a, Vec b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ)) != 0;
}
/// The first n < kLanes elements of a, then those of b.
inline Vec SelectPart(size_t n, Vec a, Vec b) {
  return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(PartMask(n)));
}
/// a * b + c
inline Vec MulAdd(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }

/// The sums of four vectors, in order. The order of additions is the same for each of the four.
inline __m128 Reduce4(Vec a, Vec b, Vec c, Vec d) {
  const Vec ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
  const Vec cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
  const Vec low = _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
  const Vec high = _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
  const Vec sum = _mm256_add_ps(low, high);
  return _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
}
/// Writes what Reduce4 gives.
inline void Store4(float* p, __m128 sums) { _mm_storeu_ps(p, sums); }
inline float ReduceAdd(Vec v) { return _mm_cvtss_f32(Reduce4(v, v, v, v)); }
inline float ReduceMax(Vec v) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_shuffle_ps(m, m, 1)));
}

/// e^x for x <= 88, within 2 ulp; 0 below -87.3 and for -infinity.
inline Vec Exp(Vec x) {
  const Vec alive = _mm256_cmp_ps(x, Set1(-87.3f), _CMP_GE_OQ);
  // Dead lanes go through as 0, so that no infinity meets the integer conversion.
  x = _mm256_and_ps(x, alive);
  const Vec n = _mm256_round_ps(_mm256_mul_ps(x, Set1(1.44269504f)),
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  Vec r = _mm256_fnmadd_ps(n, Set1(0.693359375f), x);
  r = _mm256_fnmadd_ps(n, Set1(-2.12194440e-4f), r);
  Vec p = Set1(1.9875691500e-4f);
  p = MulAdd(p, r, Set1(1.3981999507e-3f));
  p = MulAdd(p, r, Set1(8.3334519073e-3f));
  p = MulAdd(p, r, Set1(4.1665795894e-2f));
  p = MulAdd(p, r, Set1(1.6666665459e-1f));
  p = MulAdd(p, r, Set1(5.0000001201e-1f));
  p = MulAdd(p, Mul(r, r), Add(r, Set1(1.0f)));
  const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
  const Vec scaled = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
  return _mm256_and_ps(scaled, alive);
}

/// One bit per element that is at least 0.
inline uint32_t SignBits(Vec v) {
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(v, Zero(), _CMP_GE_OQ)));
}

inline __m256i LoadBytes(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
inline uint64_t ByteMask(__m256i v) { return static_cast<uint32_t>(_mm256_movemask_epi8(v)); }

/// Bit i is set where keys[i] == code, for 64 keys.
inline uint64_t EqualBits(const uint8_t* keys, uint16_t code) {
  const __m256i wanted = _mm256_set1_epi8(static_cast<char>(code));
  const uint64_t low = ByteMask(_mm256_cmpeq_epi8(LoadBytes(keys), wanted));
  const uint64_t high = ByteMask(_mm256_cmpeq_epi8(LoadBytes(keys + 32), wanted));
  return low | high << 32;
}
inline uint64_t EqualBits32(const uint16_t* keys, __m256i wanted) {
  const __m256i low = _mm256_cmpeq_epi16(LoadBytes(keys), wanted);
  const __m256i high = _mm256_cmpeq_epi16(LoadBytes(keys + 16), wanted);
  return ByteMask(_mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8));
}
inline uint64_t EqualBits(const uint16_t* keys, uint16_t code) {
  const __m256i wanted = _mm256_set1_epi16(static_cast<short>(code));
  return EqualBits32(keys, wanted) | EqualBits32(keys + 32, wanted) << 32;
}

/// Into the second cache; PrefetchNear into the first.
SPARSETUNE_INLINE void Prefetch(const void* p) {
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1);
}
SPARSETUNE_INLINE void PrefetchNear(const void* p) {
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
}
