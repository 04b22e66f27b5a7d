#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/top_k/top_k_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2")

namespace sparsetune {
namespace {

/// Appends the indices of the set bits of `kept`, counted from `first`; returns the new end.
inline uint32_t* Append(uint32_t kept, size_t first, uint32_t* indices) {
  for (; kept != 0; kept &= kept - 1) {
    *indices++ = static_cast<uint32_t>(first) + static_cast<uint32_t>(__builtin_ctz(kept));
  }
  return indices;
}

}  // namespace

bool AnyNanAvx2(const float* scores, size_t n) {
  __m256 nan = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = _mm256_loadu_ps(scores + i);
    nan = _mm256_or_ps(nan, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  }
  bool found = _mm256_movemask_ps(nan) != 0;
  for (; i < n; ++i) found |= scores[i] != scores[i];
  return found;
}

void CollectAvx2(const float* scores, size_t n, const TopKCut& cut, uint32_t* indices) {
  const __m256 threshold = _mm256_set1_ps(cut.threshold);
  size_t n_equal = cut.n_equal;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = _mm256_loadu_ps(scores + i);
    uint32_t kept =
        static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(v, threshold, _CMP_GT_OQ)));
    uint32_t equal =
        static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(v, threshold, _CMP_EQ_OQ)));
    for (; equal != 0 && n_equal > 0; --n_equal, equal &= equal - 1) kept |= equal & -equal;
    indices = Append(kept, i, indices);
  }
  for (; i < n; ++i) {
    const bool is_equal = scores[i] == cut.threshold && n_equal > 0;
    if (is_equal) --n_equal;
    if (is_equal || scores[i] > cut.threshold) *indices++ = static_cast<uint32_t>(i);
  }
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
