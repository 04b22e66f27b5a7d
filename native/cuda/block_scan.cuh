#pragma once

#include <type_traits>

#include "cuda/platform.cuh"

namespace sparsetune::cuda {

/// What a scan over the threads of a block tells a thread.
template <typename T>
struct Scanned {
  T before;  ///< sum over the threads before it
  T total;   ///< over all threads
};

/// Sum over the lanes up to this one.
template <typename T>
__device__ __forceinline__ T ScanWarp(T value) {
  const unsigned lane = threadIdx.x % 32;
  SPARSETUNE_UNROLLED
  for (unsigned distance = 1; distance < 32; distance *= 2) {
    const T below = __shfl_up_sync(kAllLanes, value, distance);
    if (lane >= distance) value += below;
  }
  return value;
}

/// Scans one whole number of each thread of a block of kThreads, whole warps.
///
/// @param room  [kThreads / 32] shared memory that no thread uses until the next barrier
template <unsigned kThreads, typename T>
__device__ __forceinline__ Scanned<T> ScanBlock(std::common_type_t<T> value, T* room) {
  constexpr unsigned kWarps = kThreads / 32;
  const unsigned lane = threadIdx.x % 32;
  const unsigned warp = threadIdx.x / 32;
  const T inclusive = ScanWarp(value);
  if (lane == 31) room[warp] = inclusive;
  __syncthreads();
  const T of_warps = ScanWarp(lane < kWarps ? room[lane] : T{0});
  const T before_warp = __shfl_sync(kAllLanes, of_warps, static_cast<int>(warp + 31) % 32);
  __syncthreads();
  return {(warp == 0 ? T{0} : before_warp) + inclusive - value,
          __shfl_sync(kAllLanes, of_warps, kWarps - 1)};
}

}  // namespace sparsetune::cuda
