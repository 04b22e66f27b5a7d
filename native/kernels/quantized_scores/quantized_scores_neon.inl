// What the two NEON versions of quantized_scores have in common. Included inside the instruction
// set's own anonymous namespace; includes nothing itself.

using Ints = int32x4_t;
using Keys = int8x16_t;
using Codes = int8x16_t;
constexpr size_t kLanes = 4;
constexpr int kTileVecs = 4;
constexpr int32_t kBias = 0;

SPARSETUNE_INLINE void PrefetchNext(const uint8_t* p) { __builtin_prefetch(p, 0, 2); }
SPARSETUNE_INLINE void PrefetchNear(const uint8_t* p) { __builtin_prefetch(p, 0, 3); }
inline Ints SetInts(int32_t value) { return vdupq_n_s32(value); }
inline Keys LoadKeys(const uint8_t* p) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p), vdupq_n_u8(0x80)));
}
inline Codes LoadCodes(const int8_t* p) {
  int32_t word = 0;
  __builtin_memcpy(&word, p, sizeof word);
  return vreinterpretq_s8_s32(vdupq_n_s32(word));
}
inline void StoreScaled(float* p, Ints sums, const float* scales) {
  vst1q_f32(p, vmulq_f32(vcvtq_f32_s32(sums), vld1q_f32(scales)));
}
