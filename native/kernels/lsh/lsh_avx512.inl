// What the LSH bodies need besides vec_avx512.inl. Included after it, in the same namespace;
// includes nothing itself.

/// Hashed at once, with one panel: 24 sums, 1 plane; elements are operands in memory.
constexpr size_t kManyVectors = 24;
/// With four vectors: 16 sums, 4 planes, 1 element.
constexpr size_t kFewPanels = 4;

constexpr size_t kCutWords = 32;  ///< that CutCodes may read beyond the last word of a stream

/// Cuts a stream of sign bits into codes of lsh_k bits, 16 at a time: those lie in lsh_k words,
/// each in two neighbours.
inline void CutCodes(const uint16_t* stream, const LshParams& params, uint16_t* codes) {
  const int lsh_k = static_cast<int>(params.lsh_k);
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i bit = _mm512_mullo_epi32(lane, _mm512_set1_epi32(lsh_k));
  const __m512i word = _mm512_srli_epi32(bit, 4);
  const __m512i next = _mm512_slli_epi32(_mm512_add_epi32(word, _mm512_set1_epi32(1)), 16);
  const __m512i pair = _mm512_or_si512(word, next);
  const __m512i shift = _mm512_and_si512(bit, _mm512_set1_epi32(15));
  const __m512i mask = _mm512_set1_epi32((1 << lsh_k) - 1);
  for (size_t first = 0; first < params.lsh_l; first += 16, stream += lsh_k) {
    const __m512i pairs = _mm512_permutexvar_epi16(pair, _mm512_loadu_si512(stream));
    const __m512i code = _mm512_and_si512(_mm512_srlv_epi32(pairs, shift), mask);
    const size_t left = params.lsh_l - first;
    const __mmask16 part = PartMask(left < 16 ? left : 16);
    _mm512_mask_cvtepi32_storeu_epi16(codes + first, part, code);
  }
}

inline Vec Min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
inline Vec Divide(Vec a, Vec b) { return _mm512_div_ps(a, b); }
inline Vec SquareRoot(Vec v) { return _mm512_sqrt_ps(v); }
inline Vec Abs(Vec v) { return _mm512_abs_ps(v); }
/// a where test is below 0 (is 0); b elsewhere.
inline Vec WhereNegative(Vec test, Vec a, Vec b) {
  return _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask(test, Zero(), _CMP_LT_OQ), a);
}
inline Vec WhereZero(Vec test, Vec a, Vec b) {
  return _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask(test, Zero(), _CMP_EQ_OQ), a);
}
/// v = mantissa * 2^exponent with the mantissa in [0.75, 1.5), for a normal v above 0.
inline void SplitFloat(Vec v, Vec* exponent, Vec* mantissa) {
  const __m512i bits = _mm512_castps_si512(v);
  const __m512i above = _mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f400000));
  const __m512i power = _mm512_srai_epi32(above, 23);
  *exponent = _mm512_cvtepi32_ps(power);
  *mantissa = _mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32(power, 23)));
}
/// Coefficients of part floor(s), and s - floor(s).
inline void CurvePart(const float* parts, Vec s, Vec* t, Vec* c) {
  const __m512i part = _mm512_cvttps_epi32(s);
  const __m512i at = _mm512_slli_epi32(part, 2);
  *t = Sub(s, _mm512_cvtepi32_ps(part));
  for (int i = 0; i < 4; ++i) c[i] = _mm512_i32gather_ps(at, parts + i, 4);
}
/// Bits of the 64 counts that are at least 1 and at least 2.
inline void TakeCounts(const uint8_t* counts, uint64_t* one, uint64_t* two) {
  const __m512i n = _mm512_loadu_si512(counts);
  *one = _mm512_test_epi8_mask(n, n);
  *two = _mm512_cmpgt_epu8_mask(n, _mm512_set1_epi8(1));
}
inline void AddDoubles(Vec v, double* sums) {
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
  _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_loadu_pd(sums), low));
  _mm512_storeu_pd(sums + 8, _mm512_add_pd(_mm512_loadu_pd(sums + 8), high));
}
inline void AddSquares(Vec v, double* sums) {
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
  _mm512_storeu_pd(sums, _mm512_fmadd_pd(low, low, _mm512_loadu_pd(sums)));
  _mm512_storeu_pd(sums + 8, _mm512_fmadd_pd(high, high, _mm512_loadu_pd(sums + 8)));
}
