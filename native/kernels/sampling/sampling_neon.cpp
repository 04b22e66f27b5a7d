#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/sampling/sampling_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {
namespace {

using Wide = uint64x2_t;
constexpr size_t kWideLanes = 2;
inline Wide Splat(uint32_t word) { return vdupq_n_u64(word); }
/// first, first + 1 ...
inline Wide CountFrom(uint64_t first) {
  return vaddq_u64(vdupq_n_u64(first), vcombine_u64(vcreate_u64(0), vcreate_u64(1)));
}
/// The products of the low halves of the lanes.
inline Wide MultiplyLow(Wide a, Wide b) { return vmull_u32(vmovn_u64(a), vmovn_u64(b)); }
inline Wide HighHalves(Wide v) { return vshrq_n_u64(v, 32); }
inline Wide Xor(Wide a, Wide b) { return veorq_u64(a, b); }
/// The low halves of both, those of `high` above.
inline Wide Join(Wide high, Wide low) { return vsliq_n_u64(low, high, 32); }
/// first[0], second[0], first[1] ...
inline void StoreInTurn(Wide first, Wide second, uint64_t* out) {
  vst1q_u64(out, vzip1q_u64(first, second));
  vst1q_u64(out + kWideLanes, vzip2q_u64(first, second));
}

#include "kernels/sampling/fractions_body.inl"

}  // namespace

void DrawFractionsNeon(const uint32_t* counter, uint64_t key, uint64_t* fractions) {
  FractionsOf(counter, key, fractions);
}

}  // namespace sparsetune

#endif
