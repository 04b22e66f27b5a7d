// What the LSH bodies need on x86, whatever the width of its vectors. Included inside a target
// region and the instruction set's own anonymous namespace; includes nothing itself.

/// out[i * stride + r] = rows[r][i] for four rows of n elements.
inline void Interleave4(const float* const* rows, size_t n, size_t stride, float* out) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4, out += 4 * stride) {
    __m128 a = _mm_loadu_ps(rows[0] + i);
    __m128 b = _mm_loadu_ps(rows[1] + i);
    __m128 c = _mm_loadu_ps(rows[2] + i);
    __m128 d = _mm_loadu_ps(rows[3] + i);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(out, a);
    _mm_storeu_ps(out + stride, b);
    _mm_storeu_ps(out + 2 * stride, c);
    _mm_storeu_ps(out + 3 * stride, d);
  }
  for (; i < n; ++i, out += stride) {
    for (size_t r = 0; r < 4; ++r) out[r] = rows[r][i];
  }
}
