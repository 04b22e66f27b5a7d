#include "cuda_device.h"

#include "collectives.h"
#include "memory.h"
#include "scheduler.h"

#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim

#define SIMT_PC __builtin_return_address(0)

namespace simt {

dim3 ThreadIndex() { return CurrentThread()->index; }
dim3 BlockIndex() { return CurrentBlock().index; }
dim3 BlockShape() { return CurrentBlock().threads_shape; }
dim3 GridShape() { return CurrentBlock().grid_shape; }
unsigned LaneOf() { return CurrentThread()->lane; }

uint64_t Shuffle(unsigned mask, uint64_t value, unsigned source) {
  return MeetWarp(WarpOperation::kShuffle, mask, value, source, SIMT_PC);
}

uint64_t Vote(int operation, unsigned mask, uint64_t value) {
  return MeetWarp(static_cast<WarpOperation>(operation), mask, value, 0, SIMT_PC);
}

void SyncWarp(unsigned mask) { MeetWarp(WarpOperation::kSync, mask, 0, 0, SIMT_PC); }

unsigned MeetBarrier(int kind, bool holds) {
  return MeetBlock(static_cast<BarrierKind>(kind), holds, SIMT_PC);
}

void CheckRead(const void* at, size_t n) {
  if (!CheckAccess(at, n, AccessKind::kRead, SIMT_PC)) ExitThread();
}
void CheckWrite(const void* at, size_t n) {
  if (!CheckAccess(at, n, AccessKind::kWrite, SIMT_PC)) ExitThread();
}
void CheckAtomic(const void* at, size_t n) {
  if (!CheckAccess(at, n, AccessKind::kAtomic, SIMT_PC)) ExitThread();
}

}  // namespace simt
