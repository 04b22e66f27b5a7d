#pragma once

#include "cuda/platform.cuh"

namespace sparsetune::cuda {

/// What a scan over the threads of a block tells a thread.
struct Scanned {
  uint32_t before;  ///< sum over the threads before it
  uint32_t total;   ///< over all threads
};

/// Sum over the lanes up to this one.
__device__ __forceinline__ uint32_t ScanWarp(uint32_t value) {
  const unsigned lane = threadIdx.x % 32;
  SPARSETUNE_UNROLLED
  for (unsigned distance = 1; distance < 32; distance *= 2) {
    const uint32_t below = __shfl_up_sync(kAllLanes, value, distance);
    if (lane >= distance) value += below;
  }
  return value;
}

/// Scans one number of each thread of a block of kThreads, whole warps.
///
/// @param room  [kThreads / 32] shared memory that no thread uses until the next barrier
template <unsigned kThreads>
__device__ __forceinline__ Scanned ScanBlock(uint32_t value, uint32_t* room) {
  constexpr unsigned kWarps = kThreads / 32;
  const unsigned lane = threadIdx.x % 32;
  const unsigned warp = threadIdx.x / 32;
  const uint32_t inclusive = ScanWarp(value);
  if (lane == 31) room[warp] = inclusive;
  __syncthreads();
  const uint32_t of_warps = ScanWarp(lane < kWarps ? room[lane] : 0);
  const uint32_t before_warp = __shfl_sync(kAllLanes, of_warps, static_cast<int>(warp + 31) % 32);
  __syncthreads();
  return {(warp == 0 ? 0 : before_warp) + inclusive - value,
          __shfl_sync(kAllLanes, of_warps, kWarps - 1)};
}

}  // namespace sparsetune::cuda
