#include "cuda/platform.cuh"
#include "simt/fault_kernels.h"

namespace simt::faults {
namespace {

__global__ void NotInOwnMask(Buffers to) {
  const int value = __shfl_sync(0x0000ffffu, 1, 0);  // fault
  to.out[threadIdx.x] = value;
}

__global__ void ShuffleFromOutside(Buffers to) {
  int value = 0;
  if (threadIdx.x % 32 < 16) value = __shfl_sync(0xffffu, 1, 20);  // fault
  to.out[threadIdx.x] = value;
}

__global__ void DifferentOperations(Buffers to) {
  const bool is_low = threadIdx.x % 32 < 16;
  int value = 0;
  if (is_low) value = __shfl_xor_sync(0xffffffffu, 1, 1);                // fault
  if (!is_low) value = static_cast<int>(__ballot_sync(0xffffffffu, 1));  // or here
  to.out[threadIdx.x] = value;
}

__global__ void DifferentMasks(Buffers to) {
  const unsigned mask = threadIdx.x % 32 < 16 ? 0xffffffffu : 0xfffffff0u;
  to.out[threadIdx.x] = __any_sync(mask, 1);  // fault
}

__global__ void ExitedLane(Buffers to) {
  if (threadIdx.x % 32 == 31) return;
  to.out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1, 1);  // fault
}

__global__ void WarpWithoutAllItsLanes(Buffers to) {
  to.out[threadIdx.x] = __any_sync(0xffffffffu, 1);  // fault
}

__global__ void DifferentBarriers(Buffers to) {
  if (threadIdx.x < 32) {
    __syncthreads();  // fault
  } else {
    __syncthreads();  // or here
  }
  to.out[threadIdx.x] = 1;
}

__global__ void DifferentBarrierKinds(Buffers to) {
  int n = 0;
  if (threadIdx.x < 32) n = __syncthreads_count(1);  // fault
  if (threadIdx.x >= 32) __syncthreads();            // or here
  to.out[threadIdx.x] = n;
}

__global__ void BarrierForSomeLanes(Buffers to) {
  if (threadIdx.x < 40) __syncthreads();
  if (threadIdx.x >= 40) __syncwarp();  // fault
  to.out[threadIdx.x] = 1;
}

__global__ void EndlessLoop(Buffers to) {
  while (to.in[threadIdx.x] == 0) {  // fault
  }
}

__global__ void TooMuchShared(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 26000);
  shared[threadIdx.x] = 1;
  to.out[threadIdx.x] = shared[threadIdx.x];
}

__global__ void Nothing(Buffers /*to*/) {}

// Clean kernels.

__global__ void ReduceBlock(Buffers to) {
  SPARSETUNE_SHARED(int, sums, 2);
  int sum = to.in[threadIdx.x];
  for (int i = 16; i > 0; i /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, i);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) to.out[0] = sums[0] + sums[1];
}

__global__ void LoopWithBothBarriers(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  for (int i = 0; i < 3; ++i) {
    shared[threadIdx.x] = i;
    __syncthreads();
    to.out[threadIdx.x] = shared[63 - threadIdx.x];
    __syncthreads();
  }
}

__global__ void EarlyExit(Buffers to) {
  if (threadIdx.x >= 40) return;
  __syncthreads();
  to.out[threadIdx.x] = 1;
}

__global__ void HalvesOfAWarp(Buffers to) {
  const unsigned mask = threadIdx.x % 32 < 16 ? 0xffffu : 0xffff0000u;
  const unsigned word = __reduce_or_sync(mask, 1u << threadIdx.x % 32);
  to.out[threadIdx.x] = static_cast<int>(word == mask);
  if (threadIdx.x % 32 < 16) __syncwarp(0xffffu);
}

__global__ void NeighbouringBytes(Buffers to) { to.bytes[threadIdx.x] = 1; }

__global__ void AtomicsOfManyBlocks(Buffers to) { atomicAdd(&to.zeros[threadIdx.x], 1); }

__global__ void ExchangeInAWarp(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  for (int i = 0; i < 3; ++i) {
    shared[threadIdx.x] = i;
    __syncwarp();
    to.out[threadIdx.x] = shared[threadIdx.x ^ 1];
    __syncwarp();
  }
}

}  // namespace

const char* const kCallFaultSource = __FILE__;

const Kernel kCallFaults[] = {
    {"a lane that is not in its own mask", "mask", NotInOwnMask},
    {"a shuffle from a lane outside the mask", "mask", ShuffleFromOutside},
    {"lanes in different operations", "mask", DifferentOperations},
    {"lanes with different masks", "mask", DifferentMasks},
    {"a mask with a lane that has exited", "mask", ExitedLane},
    {"a full mask in a warp of 20 threads", "mask", WarpWithoutAllItsLanes, 1, 20},
    {"warps that meet in different barriers", "barrier", DifferentBarriers},
    {"barriers of different kinds", "barrier", DifferentBarrierKinds},
    {"a barrier that some lanes never reach", "deadlock", BarrierForSomeLanes},
    {"a loop without end", "hang", EndlessLoop, 1, 1},
    {"more shared memory than a block may have", "limit", TooMuchShared},
    {"more threads than a block may have", "limit", Nothing, 1, 1025},
    {"no thread", "limit", Nothing, 1, 0},
    {"a grid that is too high", "limit", Nothing, dim3(1, 65536)},
    {"dynamic shared memory that was not asked for", "limit", Nothing, 1, 64, 50000},
};
const size_t kCallFaultCount = sizeof kCallFaults / sizeof kCallFaults[0];

const Kernel kCleanKernels[] = {
    {"a sum over a block", nullptr, ReduceBlock},
    {"a loop with both barriers", nullptr, LoopWithBothBarriers},
    {"threads that exit before a barrier", nullptr, EarlyExit},
    {"halves of a warp by themselves", nullptr, HalvesOfAWarp},
    {"neighbouring bytes", nullptr, NeighbouringBytes},
    {"atomic operations of many blocks", nullptr, AtomicsOfManyBlocks, 3},
    {"an exchange between two barriers of a warp", nullptr, ExchangeInAWarp},
};
const size_t kCleanKernelCount = sizeof kCleanKernels / sizeof kCleanKernels[0];

__global__ void ReadSpread(Buffers to) {
  if (threadIdx.x < 8) to.out[threadIdx.x] = to.in[8 * threadIdx.x];
}

__global__ void ReadDense(Buffers to) { to.out[threadIdx.x] = to.in[threadIdx.x]; }

__global__ void ShareSpread(Buffers /*to*/) {
  SPARSETUNE_SHARED(int, shared, 2048);
  shared[32 * threadIdx.x] = 1;
}

__global__ void ShareDense(Buffers /*to*/) {
  SPARSETUNE_SHARED(int, shared, 64);
  shared[threadIdx.x] = 1;
}

__global__ void TakeTickets(Buffers to) { to.out[threadIdx.x] = atomicAdd(&to.zeros[0], 1); }

}  // namespace simt::faults
