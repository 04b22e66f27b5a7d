// What the LSH bodies need besides vec_neon.inl. Included after it, in the same namespace; includes
// nothing itself.

/// Hashed at once, with one panel: 24 sums, 4 planes, 1 element.
constexpr size_t kManyVectors = 6;
/// With four vectors.
constexpr size_t kFewPanels = 1;

inline Vec Min(Vec a, Vec b) { return vminnmq_f32(a, b); }
inline Vec Divide(Vec a, Vec b) { return vdivq_f32(a, b); }
inline Vec SquareRoot(Vec v) { return vsqrtq_f32(v); }
inline Vec Abs(Vec v) { return vabsq_f32(v); }
/// a where test is below 0 (is 0); b elsewhere.
inline Vec WhereNegative(Vec test, Vec a, Vec b) { return vbslq_f32(vcltzq_f32(test), a, b); }
inline Vec WhereZero(Vec test, Vec a, Vec b) { return vbslq_f32(vceqzq_f32(test), a, b); }
/// v = mantissa * 2^exponent with the mantissa in [0.75, 1.5), for a normal v above 0.
inline void SplitFloat(Vec v, Vec* exponent, Vec* mantissa) {
  const int32x4_t bits = vreinterpretq_s32_f32(v);
  const int32x4_t power = vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3f400000)), 23);
  *exponent = vcvtq_f32_s32(power);
  *mantissa = vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(power, 23)));
}
/// Coefficients of part floor(s), and s - floor(s).
inline void CurvePart(const float* parts, Vec s, Vec* t, Vec* c) {
  const int32x4_t part = vcvtq_s32_f32(s);
  *t = Sub(s, vcvtq_f32_s32(part));
  float32x4x4_t columns = {{Zero(), Zero(), Zero(), Zero()}};
  columns = vld4q_lane_f32(parts + vgetq_lane_s32(part, 0) * 4, columns, 0);
  columns = vld4q_lane_f32(parts + vgetq_lane_s32(part, 1) * 4, columns, 1);
  columns = vld4q_lane_f32(parts + vgetq_lane_s32(part, 2) * 4, columns, 2);
  columns = vld4q_lane_f32(parts + vgetq_lane_s32(part, 3) * 4, columns, 3);
  for (int i = 0; i < 4; ++i) c[i] = columns.val[i];
}
/// Bits of the 64 counts that are at least 1 and at least 2.
inline void TakeCounts(const uint8_t* counts, uint64_t* one, uint64_t* two) {
  const uint8x16_t a = vld1q_u8(counts);
  const uint8x16_t b = vld1q_u8(counts + 16);
  const uint8x16_t c = vld1q_u8(counts + 32);
  const uint8x16_t d = vld1q_u8(counts + 48);
  const uint8x16_t least = vdupq_n_u8(2);
  *one = MaskBits(vtstq_u8(a, a), vtstq_u8(b, b), vtstq_u8(c, c), vtstq_u8(d, d));
  *two = MaskBits(vcgeq_u8(a, least), vcgeq_u8(b, least), vcgeq_u8(c, least), vcgeq_u8(d, least));
}
inline void AddDoubles(Vec v, double* sums) {
  vst1q_f64(sums, vaddq_f64(vld1q_f64(sums), vcvt_f64_f32(vget_low_f32(v))));
  vst1q_f64(sums + 2, vaddq_f64(vld1q_f64(sums + 2), vcvt_high_f64_f32(v)));
}
inline void AddSquares(Vec v, double* sums) {
  const float64x2_t low = vcvt_f64_f32(vget_low_f32(v));
  const float64x2_t high = vcvt_high_f64_f32(v);
  vst1q_f64(sums, vfmaq_f64(vld1q_f64(sums), low, low));
  vst1q_f64(sums + 2, vfmaq_f64(vld1q_f64(sums + 2), high, high));
}
/// out[i * stride + r] = rows[r][i] for four rows of n elements.
inline void Interleave4(const float* const* rows, size_t n, size_t stride, float* out) {
  for (size_t i = 0; i < n; ++i, out += stride) {
    for (size_t r = 0; r < 4; ++r) out[r] = rows[r][i];
  }
}
