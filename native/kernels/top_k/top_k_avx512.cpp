#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/top_k/top_k_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,popcnt")

namespace sparsetune {
namespace {

/// The lanes of the vector at `i` that exist.
inline __mmask16 LaneMask(size_t i, size_t n) {
  return n - i >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << (n - i)) - 1);
}

/// Keeps only the first `wanted` set bits.
inline uint32_t FirstBits(uint32_t bits, size_t wanted) {
  uint32_t kept = 0;
  for (; wanted > 0 && bits != 0; --wanted) {
    kept |= bits & -bits;
    bits &= bits - 1;
  }
  return kept;
}

}  // namespace

bool AnyNanAvx512(const float* scores, size_t n) {
  uint32_t nan = 0;
  for (size_t i = 0; i < n; i += 16) {
    const __m512 v = _mm512_maskz_loadu_ps(LaneMask(i, n), scores + i);
    nan |= _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  }
  return nan != 0;
}

void CollectAvx512(const float* scores, size_t n, const TopKCut& cut, uint32_t* indices) {
  const __m512 threshold = _mm512_set1_ps(cut.threshold);
  __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t n_equal = cut.n_equal;
  for (size_t i = 0; i < n; i += 16) {
    const __mmask16 lanes = LaneMask(i, n);
    const __m512 v = _mm512_maskz_loadu_ps(lanes, scores + i);
    uint32_t kept = _mm512_mask_cmp_ps_mask(lanes, v, threshold, _CMP_GT_OQ);
    const uint32_t equal = _mm512_mask_cmp_ps_mask(lanes, v, threshold, _CMP_EQ_OQ);
    if (equal != 0 && n_equal > 0) {
      const uint32_t taken = FirstBits(equal, n_equal);
      n_equal -= static_cast<size_t>(_mm_popcnt_u32(taken));
      kept |= taken;
    }
    // Compressed in a register: a compressing store is microcode on some CPUs.
    const __m512i chosen = _mm512_maskz_compress_epi32(static_cast<__mmask16>(kept), index);
    const int n_kept = _mm_popcnt_u32(kept);
    _mm512_mask_storeu_epi32(indices, static_cast<__mmask16>((1u << n_kept) - 1), chosen);
    indices += n_kept;
    index = _mm512_add_epi32(index, _mm512_set1_epi32(16));
  }
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
