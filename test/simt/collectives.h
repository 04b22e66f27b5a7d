#pragma once

#include <cstdint>

#include "scheduler.h"

namespace simt {

/// Waits until all lanes of `mask` are in the same operation; its result for this lane.
uint64_t MeetWarp(WarpOperation operation, uint32_t mask, uint64_t value, uint32_t source,
                  const void* pc);

/// Lets the lanes go on that wait for the current thread, which has exited: a fault.
void LeaveWarp();

/// Waits until all threads of the block that have not exited are in the barrier.
uint32_t MeetBlock(BarrierKind kind, bool holds, const void* pc);

/// Lets the block pass its barrier where every thread waits there; whether it did.
bool PassBarrier();

/// Says why no thread of the block can go on.
void ReportDeadlock();

}  // namespace simt
