#pragma once

#include "cuda/platform.cuh"

namespace sparsetune::cuda {

/// Philox4x32-10; see core/philox.h.
__device__ __forceinline__ uint4 PhiloxBlock(uint4 counter, uint64_t key) {
  constexpr uint32_t kMultiply0 = 0xD2511F53u;
  constexpr uint32_t kMultiply1 = 0xCD9E8D57u;
  auto key0 = static_cast<uint32_t>(key);
  auto key1 = static_cast<uint32_t>(key >> 32);
  SPARSETUNE_UNROLLED
  for (int round = 0; round < 10; ++round) {
    counter =
        make_uint4(__umulhi(kMultiply1, counter.z) ^ counter.y ^ key0, kMultiply1 * counter.z,
                   __umulhi(kMultiply0, counter.x) ^ counter.w ^ key1, kMultiply0 * counter.x);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

}  // namespace sparsetune::cuda
