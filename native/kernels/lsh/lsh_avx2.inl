// What the LSH bodies need besides vec_avx2.inl. Included after it, in the same namespace; includes
// nothing itself.

/// Hashed at once, with one panel: 12 sums, 2 planes, 1 element.
constexpr size_t kManyVectors = 6;
/// With four vectors.
constexpr size_t kFewPanels = 1;

inline Vec Min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
inline Vec Divide(Vec a, Vec b) { return _mm256_div_ps(a, b); }
inline Vec SquareRoot(Vec v) { return _mm256_sqrt_ps(v); }
inline Vec Abs(Vec v) { return _mm256_andnot_ps(Set1(-0.0f), v); }
/// a where test is below 0 (is 0); b elsewhere.
inline Vec WhereNegative(Vec test, Vec a, Vec b) {
  return _mm256_blendv_ps(b, a, _mm256_cmp_ps(test, Zero(), _CMP_LT_OQ));
}
inline Vec WhereZero(Vec test, Vec a, Vec b) {
  return _mm256_blendv_ps(b, a, _mm256_cmp_ps(test, Zero(), _CMP_EQ_OQ));
}
/// v = mantissa * 2^exponent with the mantissa in [0.75, 1.5), for a normal v above 0.
inline void SplitFloat(Vec v, Vec* exponent, Vec* mantissa) {
  const __m256i bits = _mm256_castps_si256(v);
  const __m256i above = _mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f400000));
  const __m256i power = _mm256_srai_epi32(above, 23);
  *exponent = _mm256_cvtepi32_ps(power);
  *mantissa = _mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(power, 23)));
}
/// Coefficients of part floor(s), and s - floor(s).
inline void CurvePart(const float* parts, Vec s, Vec* t, Vec* c) {
  const __m256i part = _mm256_cvttps_epi32(s);
  const __m256i at = _mm256_slli_epi32(part, 2);
  *t = Sub(s, _mm256_cvtepi32_ps(part));
  for (int i = 0; i < 4; ++i) c[i] = _mm256_i32gather_ps(parts + i, at, 4);
}
/// Bits of the 64 counts that are at least 1 and at least 2.
inline void TakeCounts(const uint8_t* counts, uint64_t* one, uint64_t* two) {
  *one = 0;
  *two = 0;
  for (size_t half = 0; half < 2; ++half) {
    const __m256i n = LoadBytes(counts + half * 32);
    const __m256i is_none = _mm256_cmpeq_epi8(n, _mm256_setzero_si256());
    const __m256i is_one = _mm256_cmpeq_epi8(n, _mm256_set1_epi8(1));
    const uint64_t none = ByteMask(is_none);
    *one |= (~none & 0xffffffffu) << half * 32;
    *two |= (~(none | ByteMask(is_one)) & 0xffffffffu) << half * 32;
  }
}
inline void AddDoubles(Vec v, double* sums) {
  const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
  const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
  _mm256_storeu_pd(sums, _mm256_add_pd(_mm256_loadu_pd(sums), low));
  _mm256_storeu_pd(sums + 4, _mm256_add_pd(_mm256_loadu_pd(sums + 4), high));
}
inline void AddSquares(Vec v, double* sums) {
  const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
  const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
  _mm256_storeu_pd(sums, _mm256_fmadd_pd(low, low, _mm256_loadu_pd(sums)));
  _mm256_storeu_pd(sums + 4, _mm256_fmadd_pd(high, high, _mm256_loadu_pd(sums + 4)));
}
