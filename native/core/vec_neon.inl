// Vectors of AArch64's Advanced SIMD under the names the kernel bodies use. Included inside the
// instruction set's own anonymous namespace; includes nothing itself.

using Vec = float32x4_t;
constexpr size_t kLanes = 4;
constexpr int kScoreHeads = 4;  ///< queries per score tile: 4 rows x 4 queries in 16 registers
/// Vectors per value tile of so many queries: 4 x 4, 3 x 4, 2 x 8 ... accumulators in 8 to 16
/// registers; GCC spills 24.
constexpr int ValueVecs(int heads) { return heads > 2 ? 4 : 8; }
constexpr bool kLoadsApart = false;  ///< halves are widened in order by one instruction

inline Vec Zero() { return vdupq_n_f32(0); }
inline Vec Set1(float value) { return vdupq_n_f32(value); }
/// `value` in the first lane, zeros after it.
inline Vec First(float value) { return vsetq_lane_f32(value, Zero(), 0); }
inline Vec Load(const float* p) { return vld1q_f32(p); }
inline Vec Load(const F16* p) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const uint16_t*>(p))));
}
inline Vec Load(const Bf16* p) {
  const uint16x4_t halves = vld1_u16(reinterpret_cast<const uint16_t*>(p));
  return vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(halves), 16));
}
/// Even and odd elements of two vectors that are in order.
inline void TakeApart(Vec* first, Vec* second) {
  const Vec even = vuzp1q_f32(*first, *second);
  *second = vuzp2q_f32(*first, *second);
  *first = even;
}
/// Two vectors in order of their even and odd elements.
inline void PutTogether(Vec* even, Vec* odd) {
  const Vec first = vzip1q_f32(*even, *odd);
  *odd = vzip2q_f32(*even, *odd);
  *even = first;
}
/// The first n < kLanes elements, zeros after them; reads nothing beyond.
template <typename T>
inline Vec LoadPart(const T* p, size_t n) {
  T part[kLanes] = {};
  for (size_t i = 0; i < n; ++i) part[i] = p[i];
  return Load(part);
}
inline void Store(float* p, Vec v) { vst1q_f32(p, v); }
inline void StorePart(float* p, Vec v, size_t n) {
  float part[kLanes];
  Store(part, v);
  for (size_t i = 0; i < n; ++i) p[i] = part[i];
}
inline Vec Add(Vec a, Vec b) { return vaddq_f32(a, b); }
inline Vec Sub(Vec a, Vec b) { return vsubq_f32(a, b); }
inline Vec Mul(Vec a, Vec b) { return vmulq_f32(a, b); }
/// Of a number and a NaN, the number.
inline Vec Max(Vec a, Vec b) { return vmaxnmq_f32(a, b); }
inline bool AnyGreater(Vec a, Vec b) { return vmaxvq_u32(vcgtq_f32(a, b)) != 0; }
/// The first n < kLanes elements of a, then those of b.
inline Vec SelectPart(size_t n, Vec a, Vec b) {
  const uint32x4_t lane = {0, 1, 2, 3};
  return vbslq_f32(vcltq_u32(lane, vdupq_n_u32(static_cast<uint32_t>(n))), a, b);
}
/// a * b + c
inline Vec MulAdd(Vec a, Vec b, Vec c) { return vfmaq_f32(c, a, b); }

/// The sums of four vectors, in order. The order of additions is the same for each of the four.
inline float32x4_t Reduce4(Vec a, Vec b, Vec c, Vec d) {
  return vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d));
}
/// Writes what Reduce4 gives.
inline void Store4(float* p, float32x4_t sums) { vst1q_f32(p, sums); }
inline float ReduceAdd(Vec v) { return vaddvq_f32(v); }
inline float ReduceMax(Vec v) { return vmaxvq_f32(v); }

/// e^x for x <= 88, within 2 ulp; 0 below -87.3 and for -infinity.
inline Vec Exp(Vec x) {
  const uint32x4_t alive = vcgeq_f32(x, Set1(-87.3f));
  // Dead lanes go through as 0, so that no infinity meets the integer conversion.
  x = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), alive));
  const Vec n = vrndnq_f32(vmulq_f32(x, Set1(1.44269504f)));
  Vec r = vfmsq_f32(x, n, Set1(0.693359375f));
  r = vfmsq_f32(r, n, Set1(-2.12194440e-4f));
  Vec p = Set1(1.9875691500e-4f);
  p = MulAdd(p, r, Set1(1.3981999507e-3f));
  p = MulAdd(p, r, Set1(8.3334519073e-3f));
  p = MulAdd(p, r, Set1(4.1665795894e-2f));
  p = MulAdd(p, r, Set1(1.6666665459e-1f));
  p = MulAdd(p, r, Set1(5.0000001201e-1f));
  p = MulAdd(p, Mul(r, r), Add(r, Set1(1.0f)));
  const int32x4_t exponent = vshlq_n_s32(vcvtq_s32_f32(n), 23);
  const int32x4_t scaled = vaddq_s32(vreinterpretq_s32_f32(p), exponent);
  return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_s32(scaled), alive));
}

/// One bit per element that is at least 0.
inline uint32_t SignBits(Vec v) {
  const uint32x4_t bits = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(vcgezq_f32(v), bits));
}

/// One bit per byte of four masks, whose bytes are all ones or all zeros.
inline uint64_t MaskBits(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  // Each step adds neighbours, so that after three of them a byte holds eight bits.
  const uint8x16_t ab = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
  const uint8x16_t cd = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
  const uint8x16_t sums = vpaddq_u8(ab, cd);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

/// Bit i is set where keys[i] == code, for 64 keys.
inline uint64_t EqualBits(const uint8_t* keys, uint16_t code) {
  const uint8x16_t wanted = vdupq_n_u8(static_cast<uint8_t>(code));
  return MaskBits(vceqq_u8(vld1q_u8(keys), wanted), vceqq_u8(vld1q_u8(keys + 16), wanted),
                  vceqq_u8(vld1q_u8(keys + 32), wanted), vceqq_u8(vld1q_u8(keys + 48), wanted));
}
/// Of 16 keys: all ones in byte i where keys[i] == wanted.
inline uint8x16_t EqualMask16(const uint16_t* keys, uint16x8_t wanted) {
  const uint16x8_t low = vceqq_u16(vld1q_u16(keys), wanted);
  const uint16x8_t high = vceqq_u16(vld1q_u16(keys + 8), wanted);
  return vuzp1q_u8(vreinterpretq_u8_u16(low), vreinterpretq_u8_u16(high));
}
inline uint64_t EqualBits(const uint16_t* keys, uint16_t code) {
  const uint16x8_t wanted = vdupq_n_u16(code);
  return MaskBits(EqualMask16(keys, wanted), EqualMask16(keys + 16, wanted),
                  EqualMask16(keys + 32, wanted), EqualMask16(keys + 48, wanted));
}

/// Into the second cache; PrefetchNear into the first.
SPARSETUNE_INLINE void Prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }
SPARSETUNE_INLINE void PrefetchNear(const void* p) { __builtin_prefetch(p, 0, 3); }
