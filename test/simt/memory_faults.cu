#include "cuda/platform.cuh"
#include "simt/fault_kernels.h"

namespace simt::faults {
namespace {

__global__ void NoBarrier(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  shared[threadIdx.x] = 1;                         // or here
  to.out[threadIdx.x] = shared[threadIdx.x ^ 32];  // fault
}

__global__ void NoSecondBarrier(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  for (int i = 0; i < 2; ++i) {
    shared[threadIdx.x] = i;  // fault
    __syncthreads();
    to.out[threadIdx.x] = shared[threadIdx.x ^ 32];  // or here
  }
}

__global__ void TwoWriters(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 32);
  shared[threadIdx.x % 32] = 1;  // fault
  __syncthreads();
  to.out[threadIdx.x] = shared[0];
}

__global__ void NoWarpBarrier(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  shared[threadIdx.x] = 1;                        // or here
  to.out[threadIdx.x] = shared[threadIdx.x ^ 1];  // fault
}

__global__ void ShuffleIsNoBarrier(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  shared[threadIdx.x] = 1;
  __shfl_xor_sync(0xffffffffu, 1, 1);
  to.out[threadIdx.x] = shared[threadIdx.x ^ 1];  // fault
}

__global__ void HalfWarpBarrier(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  shared[threadIdx.x] = 1;  // or here
  __syncwarp(threadIdx.x % 32 < 16 ? 0x0000ffffu : 0xffff0000u);
  to.out[threadIdx.x] = shared[threadIdx.x ^ 16];  // fault
}

/// Lanes 1 and 2 read before lane 0 writes; only lane 2 met lane 0 in between.
__global__ void ThirdReader(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 1);
  const unsigned lane = threadIdx.x;
  if (lane == 0) shared[0] = 1;
  __syncwarp();
  if (lane == 1 || lane == 2) to.out[lane] = shared[0];  // or here
  if (lane == 0 || lane == 2) __syncwarp(0x5u);
  if (lane == 0) shared[0] = 2;  // fault
}

__global__ void TwoBlocksWrite(Buffers to) {
  if (threadIdx.x == 0) to.out[0] = 1;  // fault
}

__global__ void BlockReadsAnother(Buffers to) {
  if (blockIdx.x == 0) to.zeros[threadIdx.x] = 1;                    // fault
  if (blockIdx.x == 1) to.out[threadIdx.x] = to.zeros[threadIdx.x];  // or here
}

/// Block 1 reads too, and the write comes after its read, not block 0's.
__global__ void LastBlockWrites(Buffers to) {
  if (threadIdx.x > 0) return;
  to.out[blockIdx.x] = to.zeros[0];      // or here
  if (blockIdx.x == 1) to.zeros[0] = 1;  // fault
}

__global__ void AtomicAndPlain(Buffers to) {
  if (threadIdx.x == 3) to.zeros[0] = 5;             // or here
  if (threadIdx.x != 3) atomicAdd(&to.zeros[0], 1);  // fault
}

__global__ void ReadsAnAtomic(Buffers to) {
  atomicAdd(&to.zeros[0], 1);         // or here
  to.out[threadIdx.x] = to.zeros[0];  // fault
}

__global__ void SameByte(Buffers to) {
  to.bytes[threadIdx.x / 2] = 1;  // fault
}

__global__ void BehindTheEnd(Buffers to) {
  to.out[threadIdx.x + 1] = 0;  // fault
}

__global__ void BeforeTheBegin(Buffers to) {
  to.out[static_cast<int>(threadIdx.x) - 1] = 0;  // fault
}

__global__ void NextSharedArray(Buffers to) {
  SPARSETUNE_SHARED(int, first, 64);
  SPARSETUNE_SHARED(int, second, 64);
  first[threadIdx.x] = 1;
  second[threadIdx.x] = 2;
  __syncthreads();
  to.out[threadIdx.x] = first[threadIdx.x + 1];  // fault
}

__global__ void BehindDynamic(Buffers to) {
  SPARSETUNE_DYNAMIC_SHARED(int, shared);
  shared[threadIdx.x] = 1;  // fault
  to.out[threadIdx.x] = shared[threadIdx.x];
}

__global__ void WideOverTheEnd(Buffers to) {
  const auto* in = reinterpret_cast<const uint2*>(to.in);
  to.out[threadIdx.x] = static_cast<int>(__ldg(in + threadIdx.x).x);  // fault
}

__global__ void Freed(Buffers to) {
  to.out[threadIdx.x] = to.freed[threadIdx.x];  // fault
}

__global__ void Null(Buffers to) {
  const int* nothing = to.in - to.in[0];
  if (threadIdx.x == 0) nothing = nullptr;
  to.out[threadIdx.x] = nothing[threadIdx.x];  // fault
}

__global__ void ReadsUnwritten(Buffers to) {
  to.zeros[threadIdx.x] = to.out[threadIdx.x];  // fault
}

__global__ void ReadsUnwrittenShared(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  if (threadIdx.x > 0) shared[threadIdx.x] = 1;
  to.out[threadIdx.x] = shared[threadIdx.x];  // fault
}

__global__ void SharedOfAnEarlierBlock(Buffers to) {
  SPARSETUNE_SHARED(int, shared, 64);
  if (blockIdx.x == 0) shared[threadIdx.x] = 1;
  if (threadIdx.x == blockIdx.x) to.out[threadIdx.x] = shared[threadIdx.x];  // fault
}

__global__ void AtomicOnUnwritten(Buffers to) {
  atomicAdd(&to.out[0], 1);  // fault
}

__global__ void MisalignedStore(Buffers to) {
  *reinterpret_cast<uint2*>(to.out + threadIdx.x % 32) = make_uint2(0, 0);  // fault
}

__global__ void MisalignedLoad(Buffers to) {
  const auto* in = reinterpret_cast<const uint4*>(to.in + threadIdx.x % 32);
  to.out[threadIdx.x] = static_cast<int>(__ldg(in).x);  // fault
}

__global__ void WritesAnInput(Buffers to) {
  const_cast<int*>(to.in)[threadIdx.x] = 1;  // fault
}

}  // namespace

const char* const kMemoryFaultSource = __FILE__;

const Kernel kMemoryFaults[] = {
    {"a barrier that is missing", "race", NoBarrier},
    {"the second barrier of a loop that is missing", "race", NoSecondBarrier},
    {"two warps that write one word", "race", TwoWriters},
    {"a barrier of the warp that is missing", "race", NoWarpBarrier},
    {"a shuffle that stands for a barrier", "race", ShuffleIsNoBarrier},
    {"a barrier of half a warp", "race", HalfWarpBarrier},
    {"one of several readers that the writer did not meet", "race", ThirdReader},
    {"two blocks that write one word", "race", TwoBlocksWrite, 2},
    {"a block that reads what another writes", "race", BlockReadsAnother, 2},
    {"a write after another block's read", "race", LastBlockWrites, 2},
    {"an atomic operation beside a plain write", "race", AtomicAndPlain},
    {"a plain read beside atomic operations", "race", ReadsAnAtomic},
    {"two threads that write one byte", "race", SameByte},
    {"a write behind a buffer", "out of bounds", BehindTheEnd},
    {"a write before a buffer", "out of bounds", BeforeTheBegin},
    {"a read of the next shared array", "out of bounds", NextSharedArray},
    {"a write behind the dynamic array", "out of bounds", BehindDynamic, 1, 64, 128},
    {"a wide read over the end", "out of bounds", WideOverTheEnd},
    {"a read of a freed buffer", "out of bounds", Freed},
    {"a null pointer", "out of bounds", Null},
    {"a read of what nobody wrote", "uninitialised", ReadsUnwritten},
    {"a read of shared memory that nobody wrote", "uninitialised", ReadsUnwrittenShared},
    {"shared memory left by another block", "uninitialised", SharedOfAnEarlierBlock, 2},
    {"an atomic operation on what nobody wrote", "uninitialised", AtomicOnUnwritten},
    {"a misaligned store", "misaligned", MisalignedStore},
    {"a misaligned wide load", "misaligned", MisalignedLoad},
    {"a write to an input", "readonly", WritesAnInput},
};
const size_t kMemoryFaultCount = sizeof kMemoryFaults / sizeof kMemoryFaults[0];

void WriteFromHost(Buffers buffers) {
  buffers.out[0] = 1;  // fault
}

}  // namespace simt::faults
