#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/sampling/sampling_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("avx2,fma,f16c")

namespace sparsetune {
namespace {

using Wide = __m256i;
constexpr size_t kWideLanes = 4;
inline Wide Splat(uint32_t word) { return _mm256_set1_epi64x(word); }
/// first, first + 1 ...
inline Wide CountFrom(uint64_t first) {
  return _mm256_add_epi64(_mm256_set1_epi64x(static_cast<long long>(first)),
                          _mm256_setr_epi64x(0, 1, 2, 3));
}
/// The products of the low halves of the lanes.
inline Wide MultiplyLow(Wide a, Wide b) { return _mm256_mul_epu32(a, b); }
inline Wide HighHalves(Wide v) { return _mm256_srli_epi64(v, 32); }
inline Wide Xor(Wide a, Wide b) { return _mm256_xor_si256(a, b); }
/// The low halves of both, those of `high` above.
inline Wide Join(Wide high, Wide low) {
  return _mm256_blend_epi32(_mm256_slli_epi64(high, 32), low, 0x55);
}
/// first[0], second[0], first[1] ...
inline void StoreInTurn(Wide first, Wide second, uint64_t* out) {
  const Wide even = _mm256_unpacklo_epi64(first, second);
  const Wide odd = _mm256_unpackhi_epi64(first, second);
  auto* wide = reinterpret_cast<__m256i*>(out);
  _mm256_storeu_si256(wide, _mm256_permute2x128_si256(even, odd, 0x20));
  _mm256_storeu_si256(wide + 1, _mm256_permute2x128_si256(even, odd, 0x31));
}

#include "kernels/sampling/fractions_body.inl"

}  // namespace

void DrawFractionsAvx2(const uint32_t* counter, uint64_t key, uint64_t* fractions) {
  FractionsOf(counter, key, fractions);
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
