#include <array>
#include <cstddef>
#include <cstdint>

#include "core/bits.h"
#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/top_k/top_k_isa.h"

#if SPARSETUNE_X86_KERNELS

namespace sparsetune {
namespace {

/// Entry b: the numbers of the set bits of b from the lowest byte on, zeros after them.
constexpr std::array<uint64_t, 256> MakeLaneLists() {
  std::array<uint64_t, 256> lists{};
  for (unsigned bits = 0; bits < 256; ++bits) {
    unsigned at = 0;
    for (unsigned lane = 0; lane < 8; ++lane) {
      if ((bits >> lane & 1u) != 0) lists[bits] |= static_cast<uint64_t>(lane) << 8 * at++;
    }
  }
  return lists;
}

constexpr std::array<uint64_t, 256> kLaneListArray = MakeLaneLists();
constexpr const uint64_t* kLaneLists = kLaneListArray.data();

}  // namespace
}  // namespace sparsetune

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c,bmi,popcnt")

namespace sparsetune {
namespace {

#include "core/vec_avx2.inl"

constexpr uint32_t kAllLanes = 0xff;

inline uint32_t Lanes(Vec mask) { return static_cast<uint32_t>(_mm256_movemask_ps(mask)); }
inline uint32_t Greater(Vec a, Vec b) { return Lanes(_mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
inline uint32_t NotBelow(Vec a, Vec b) { return Lanes(_mm256_cmp_ps(a, b, _CMP_NLT_UQ)); }
inline uint32_t Equal(Vec a, Vec b) { return Lanes(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)); }
inline uint32_t Unordered(Vec v) { return Lanes(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)); }
inline size_t CountLanes(uint32_t bits) { return static_cast<size_t>(_mm_popcnt_u32(bits)); }
inline size_t CountMarks(uint64_t word) { return static_cast<size_t>(_mm_popcnt_u64(word)); }
inline uint64_t LowestMark(uint64_t word) { return _tzcnt_u64(word); }
inline uint32_t LowestLane(uint32_t bits) { return _tzcnt_u32(bits); }

inline __m256i LaneList(uint32_t bits) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(kLaneLists + bits)));
}
/// The lanes of `bits` to the front; writes kLanes floats.
inline void StorePacked(float* p, Vec v, uint32_t bits) {
  _mm256_storeu_ps(p, _mm256_permutevar8x32_ps(v, LaneList(bits)));
}
/// first + number of each lane of `bits`, packed to the front; writes kLanes numbers.
inline void StoreNumbers(uint32_t* p, size_t first, uint32_t bits) {
  const __m256i numbers =
      _mm256_add_epi32(LaneList(bits), _mm256_set1_epi32(static_cast<int>(first)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), numbers);
}

#include "kernels/top_k/top_k_body.inl"

}  // namespace

TopKSteps TopKStepsAvx2() {
  return {MarkScores, ListMarked, SplitScores, SelectCut, CollectAboveCut};
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
