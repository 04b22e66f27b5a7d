#include <cstddef>
#include <cstdint>

#include "core/bits.h"
#include "core/element.h"
#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/top_k/top_k_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,bmi,popcnt")

namespace sparsetune {
namespace {

#include "core/vec_avx512.inl"

constexpr uint32_t kAllLanes = 0xffff;

inline uint32_t Greater(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
inline uint32_t NotBelow(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ); }
inline uint32_t Equal(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
inline uint32_t Unordered(Vec v) { return _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q); }
inline size_t CountLanes(uint32_t bits) { return static_cast<size_t>(_mm_popcnt_u32(bits)); }
inline size_t CountMarks(uint64_t word) { return static_cast<size_t>(_mm_popcnt_u64(word)); }
inline uint64_t LowestMark(uint64_t word) { return _tzcnt_u64(word); }
inline uint32_t LowestLane(uint32_t bits) { return _tzcnt_u32(bits); }

// Packed in a register: a compressing store is microcode on some CPUs.
/// The lanes of `bits` to the front; writes kLanes floats.
inline void StorePacked(float* p, Vec v, uint32_t bits) {
  _mm512_storeu_ps(p, _mm512_maskz_compress_ps(static_cast<__mmask16>(bits), v));
}
/// first + number of each lane of `bits`, packed to the front; writes kLanes numbers.
inline void StoreNumbers(uint32_t* p, size_t first, uint32_t bits) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i number = _mm512_add_epi32(lane, _mm512_set1_epi32(static_cast<int>(first)));
  _mm512_storeu_si512(p, _mm512_maskz_compress_epi32(static_cast<__mmask16>(bits), number));
}

#include "kernels/top_k/top_k_body.inl"

}  // namespace

TopKSteps TopKStepsAvx512() {
  return {MarkScores, ListMarked, SplitScores, SelectCut, CollectAboveCut};
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
