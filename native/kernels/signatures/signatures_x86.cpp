#include <cstddef>
#include <cstdint>

#include "core/intrinsics.h"
#include "core/target.h"
#include "kernels/signatures/signatures_isa.h"

#if SPARSETUNE_X86_KERNELS

SPARSETUNE_TARGET_BEGIN("popcnt")

namespace sparsetune {

void SignatureScoresAvx2(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                         float* scores) {
  for (size_t j = 0; j < n; ++j) {
    int64_t differing = 0;
    for (size_t w = 0; w < n_words; ++w) {
      differing += _mm_popcnt_u64(query[w] ^ keys[j * n_words + w]);
    }
    scores[j] = static_cast<float>(-differing);
  }
}

void SignatureScoresAvx512(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                           float* scores) {
  SignatureScoresAvx2(query, keys, n_words, n, scores);
}

}  // namespace sparsetune

SPARSETUNE_TARGET_END
#endif
