#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/signatures/signatures_isa.h"

#if SPARSETUNE_ARM64_KERNELS

namespace sparsetune {

void SignatureScoresNeon(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                         float* scores) {
  for (size_t j = 0; j < n; ++j) {
    const uint64_t* key = keys + j * n_words;
    // Sums of bytes widened to two 64-bit sums at each step: no signature is long enough to
    // overflow them.
    uint64x2_t differing = vdupq_n_u64(0);
    size_t w = 0;
    for (; w + 2 <= n_words; w += 2) {
      const uint64x2_t words = veorq_u64(vld1q_u64(query + w), vld1q_u64(key + w));
      const uint8x16_t bytes = vcntq_u8(vreinterpretq_u8_u64(words));
      differing = vpadalq_u32(differing, vpaddlq_u16(vpaddlq_u8(bytes)));
    }
    uint64_t sum = vaddvq_u64(differing);
    if (w < n_words) sum += vaddv_u8(vcnt_u8(vcreate_u8(query[w] ^ key[w])));
    scores[j] = static_cast<float>(-static_cast<int64_t>(sum));
  }
}

}  // namespace sparsetune

#endif
