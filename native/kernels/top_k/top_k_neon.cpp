#include <array>
#include <cstddef>
#include <cstdint>

#include "core/bits.h"
#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/top_k/top_k_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

#include "core/vec_neon.inl"

constexpr uint32_t kAllLanes = 0xf;

/// Row b: the numbers of the set bits of b, zeros after them.
constexpr std::array<uint32_t, 64> MakeLaneLists() {
  std::array<uint32_t, 64> lists{};
  for (uint32_t bits = 0; bits < 16; ++bits) {
    uint32_t at = bits * 4;
    for (uint32_t lane = 0; lane < 4; ++lane) {
      if ((bits >> lane & 1u) != 0) lists[at++] = lane;
    }
  }
  return lists;
}

constexpr std::array<uint32_t, 64> kLaneListArray = MakeLaneLists();
constexpr const uint32_t* kLaneLists = kLaneListArray.data();

inline uint32_t Lanes(uint32x4_t mask) {
  const uint32x4_t bits = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(mask, bits));
}
inline uint32_t Greater(Vec a, Vec b) { return Lanes(vcgtq_f32(a, b)); }
inline uint32_t NotBelow(Vec a, Vec b) { return Lanes(vmvnq_u32(vcltq_f32(a, b))); }
inline uint32_t Equal(Vec a, Vec b) { return Lanes(vceqq_f32(a, b)); }
inline uint32_t Unordered(Vec v) { return Lanes(vmvnq_u32(vceqq_f32(v, v))); }
/// Hexadecimal digit b of the constant is the number of set bits of b.
inline size_t CountLanes(uint32_t bits) { return 0x4332322132212110u >> bits * 4 & 0xfu; }
inline size_t CountMarks(uint64_t word) { return vaddv_u8(vcnt_u8(vcreate_u8(word))); }
inline uint64_t LowestMark(uint64_t word) { return static_cast<uint64_t>(__builtin_ctzll(word)); }
inline uint32_t LowestLane(uint32_t bits) { return static_cast<uint32_t>(__builtin_ctz(bits)); }

inline uint32x4_t LaneList(uint32_t bits) { return vld1q_u32(kLaneLists + bits * 4); }
/// The lanes of `bits` to the front; writes kLanes floats.
inline void StorePacked(float* p, Vec v, uint32_t bits) {
  // Lane n is bytes 4n to 4n + 3.
  const uint32x4_t bytes =
      vmlaq_u32(vdupq_n_u32(0x03020100), LaneList(bits), vdupq_n_u32(0x04040404));
  const uint8x16_t packed = vqtbl1q_u8(vreinterpretq_u8_f32(v), vreinterpretq_u8_u32(bytes));
  Store(p, vreinterpretq_f32_u8(packed));
}
/// first + number of each lane of `bits`, packed to the front; writes kLanes numbers.
inline void StoreNumbers(uint32_t* p, size_t first, uint32_t bits) {
  vst1q_u32(p, vaddq_u32(LaneList(bits), vdupq_n_u32(static_cast<uint32_t>(first))));
}

#include "kernels/top_k/top_k_body.inl"

}  // namespace

TopKSteps TopKStepsNeon() {
  return {MarkScores, ListMarked, SplitScores, SelectCut, CollectAboveCut};
}

}  // namespace sparsetune

#endif
