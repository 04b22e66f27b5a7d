#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/sampling/sampling_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

namespace sparsetune {
namespace {

using Wide = __m512i;
constexpr size_t kWideLanes = 8;
inline Wide Splat(uint32_t word) { return _mm512_set1_epi64(word); }
/// first, first + 1 ...
inline Wide CountFrom(uint64_t first) {
  return _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(first)),
                          _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
}
/// The products of the low halves of the lanes.
inline Wide MultiplyLow(Wide a, Wide b) { return _mm512_mul_epu32(a, b); }
inline Wide HighHalves(Wide v) { return _mm512_srli_epi64(v, 32); }
inline Wide Xor(Wide a, Wide b) { return _mm512_xor_si512(a, b); }
/// The low halves of both, those of `high` above.
inline Wide Join(Wide high, Wide low) {
  return _mm512_mask_blend_epi32(0x5555, _mm512_slli_epi64(high, 32), low);
}
/// first[0], second[0], first[1] ...
inline void StoreInTurn(Wide first, Wide second, uint64_t* out) {
  const Wide low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
  const Wide high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
  _mm512_storeu_si512(out, _mm512_permutex2var_epi64(first, low, second));
  _mm512_storeu_si512(out + kWideLanes, _mm512_permutex2var_epi64(first, high, second));
}

#include "kernels/sampling/fractions_body.inl"

}  // namespace

void DrawFractionsAvx512(const uint32_t* counter, uint64_t key, uint64_t* fractions) {
  FractionsOf(counter, key, fractions);
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
