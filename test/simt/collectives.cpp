#include "collectives.h"

#include <algorithm>
#include <string>

#include "reports.h"

namespace simt {
namespace {

/// The lanes of one warp that take part in an operation.
struct Meeting {
  Thread* lanes;
  uint32_t n;
  uint32_t mask;

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (uint32_t lane = 0; lane < n; ++lane) {
      if ((mask >> lane & 1) != 0 && lanes[lane].state != ThreadState::kExited) visit(&lanes[lane]);
    }
  }
};

bool IsWaitingFor(const Thread& lane, const Thread& other) {
  return lane.state == ThreadState::kAtWarpOperation && lane.operation == other.operation &&
         lane.mask == other.mask;
}

/// Only __syncwarp orders memory; shuffles and votes do not.
void JoinClocks(const Meeting& meeting) {
  uint16_t latest[kWarpLanes] = {};
  meeting.ForEach([&](const Thread* lane) {
    for (uint32_t i = 0; i < kWarpLanes; ++i) latest[i] = std::max(latest[i], lane->clocks[i]);
  });
  meeting.ForEach([&](Thread* lane) {
    std::copy_n(latest, kWarpLanes, lane->clocks);
    ++lane->clocks[lane->lane];
  });
}

void Shuffle(const Meeting& meeting) {
  uint64_t values[kWarpLanes] = {};
  uint32_t present = 0;
  meeting.ForEach([&](const Thread* lane) {
    values[lane->lane] = lane->value;
    present |= 1u << lane->lane;
  });
  meeting.ForEach([&](Thread* lane) {
    if ((present >> lane->source & 1) != 0) {
      lane->value = values[lane->source];
      return;
    }
    AddReport(Fault::kMask,
              "a shuffle reads lane " + std::to_string(lane->source) + ", which takes no part, " +
                  NameOf(*lane),
              lane->pc);
    lane->value = 0xdeadbeefdeadbeefu;
  });
}

uint64_t Combine(WarpOperation operation, uint64_t a, uint64_t b) {
  switch (operation) {
    case WarpOperation::kAdd:
      return a + b;
    case WarpOperation::kMin:
      return std::min(a, b);
    case WarpOperation::kMax:
      return std::max(a, b);
    case WarpOperation::kAnd:
      return a & b;
    case WarpOperation::kXor:
      return a ^ b;
    default:
      return a | b;
  }
}

void Reduce(const Meeting& meeting, WarpOperation operation) {
  bool is_first = true;
  uint64_t result = 0;
  meeting.ForEach([&](const Thread* lane) {
    result = is_first ? lane->value : Combine(operation, result, lane->value);
    is_first = false;
  });
  meeting.ForEach([&](Thread* lane) { lane->value = result; });
}

void Vote(const Meeting& meeting, WarpOperation operation) {
  uint64_t ballot = 0;
  uint64_t present = 0;
  meeting.ForEach([&](const Thread* lane) {
    present |= uint64_t{1} << lane->lane;
    if (lane->value != 0) ballot |= uint64_t{1} << lane->lane;
  });
  uint64_t result = ballot;
  if (operation == WarpOperation::kAny) result = ballot != 0 ? 1 : 0;
  if (operation == WarpOperation::kAll) result = ballot == present ? 1 : 0;
  meeting.ForEach([&](Thread* lane) { lane->value = result; });
}

void MatchAny(const Meeting& meeting) {
  uint64_t results[kWarpLanes] = {};
  meeting.ForEach([&](const Thread* lane) {
    meeting.ForEach([&](const Thread* other) {
      if (other->value == lane->value) results[lane->lane] |= uint64_t{1} << other->lane;
    });
  });
  meeting.ForEach([&](Thread* lane) { lane->value = results[lane->lane]; });
}

void Carry(const Meeting& meeting, WarpOperation operation) {
  switch (operation) {
    case WarpOperation::kSync:
      return JoinClocks(meeting);
    case WarpOperation::kShuffle:
      return Shuffle(meeting);
    case WarpOperation::kBallot:
    case WarpOperation::kAny:
    case WarpOperation::kAll:
      return Vote(meeting, operation);
    case WarpOperation::kMatchAny:
      return MatchAny(meeting);
    default:
      return Reduce(meeting, operation);
  }
}

/// Whether every lane of the mask has come; reports those that never can.
bool IsComplete(const Meeting& meeting, const Thread& last) {
  for (uint32_t lane = 0; lane < kWarpLanes; ++lane) {
    if ((meeting.mask >> lane & 1) == 0 || lane == last.lane) continue;
    const bool is_gone = lane >= meeting.n || meeting.lanes[lane].state == ThreadState::kExited;
    if (is_gone) {
      AddReport(Fault::kMask,
                "lane " + std::to_string(lane) + " of the mask has exited, " + NameOf(last),
                last.pc);
    } else if (!IsWaitingFor(meeting.lanes[lane], last)) {
      return false;
    }
  }
  return true;
}

}  // namespace

uint64_t MeetWarp(WarpOperation operation, uint32_t mask, uint64_t value, uint32_t source,
                  const void* pc) {
  Thread& self = *CurrentThread();
  self.operation = operation;
  self.value = value;
  self.source = source;
  self.pc = pc;
  if ((mask >> self.lane & 1) == 0) {
    AddReport(Fault::kMask, "the lane is not in its own mask, " + NameOf(self), pc);
    mask |= 1u << self.lane;
  }
  self.mask = mask;
  Block& block = CurrentBlock();
  const Meeting meeting = {&block.threads[size_t{self.warp} * kWarpLanes],
                           block.WarpSize(self.warp), mask};
  self.state = ThreadState::kAtWarpOperation;
  if (!IsComplete(meeting, self)) {
    Wait();
    return self.value;
  }
  Carry(meeting, operation);
  meeting.ForEach([](Thread* lane) { lane->state = ThreadState::kReady; });
  return self.value;
}

void LeaveWarp() {
  const Thread& self = *CurrentThread();
  Block& block = CurrentBlock();
  Thread* lanes = &block.threads[size_t{self.warp} * kWarpLanes];
  const uint32_t n = block.WarpSize(self.warp);
  for (uint32_t i = 0; i < n; ++i) {
    const bool is_left =
        lanes[i].state == ThreadState::kAtWarpOperation && (lanes[i].mask >> self.lane & 1) != 0;
    if (!is_left) continue;
    const Meeting meeting = {lanes, n, lanes[i].mask};
    if (!IsComplete(meeting, lanes[i])) continue;
    Carry(meeting, lanes[i].operation);
    meeting.ForEach([](Thread* lane) { lane->state = ThreadState::kReady; });
  }
}

uint32_t MeetBlock(BarrierKind kind, bool holds, const void* pc) {
  Thread& self = *CurrentThread();
  self.barrier = kind;
  self.value = holds ? 1 : 0;
  self.pc = pc;
  self.state = ThreadState::kAtBarrier;
  Wait();
  return static_cast<uint32_t>(self.value);
}

bool PassBarrier() {
  auto& threads = CurrentBlock().threads;
  const Thread* first = nullptr;
  uint32_t n = 0;
  uint32_t n_true = 0;
  for (const Thread& thread : threads) {
    if (thread.state == ThreadState::kExited) continue;
    if (thread.state != ThreadState::kAtBarrier) return false;
    if (first == nullptr) first = &thread;
    const bool is_same = thread.barrier == first->barrier &&
                         (thread.pc == first->pc || PlaceOf(thread.pc) == PlaceOf(first->pc));
    if (!is_same) {
      AddReport(Fault::kBarrier,
                NameOf(*first) + " and " + NameOf(thread) + " meet in different barriers, one at " +
                    PlaceOf(first->pc),
                thread.pc);
    }
    ++n;
    n_true += thread.value != 0 ? 1 : 0;
  }
  for (Thread& thread : threads) {
    if (thread.state != ThreadState::kAtBarrier) continue;
    if (thread.barrier == BarrierKind::kCount) thread.value = n_true;
    if (thread.barrier == BarrierKind::kAnd) thread.value = n_true == n ? 1 : 0;
    if (thread.barrier == BarrierKind::kOr) thread.value = n_true > 0 ? 1 : 0;
    ++thread.barriers;
    thread.state = ThreadState::kReady;
  }
  return true;
}

void ReportDeadlock() {
  const Thread* in_warp = nullptr;
  const Thread* other = nullptr;  // in another operation of the same warp
  const Thread* at_barrier = nullptr;
  for (const Thread& thread : CurrentBlock().threads) {
    if (thread.state == ThreadState::kAtBarrier && at_barrier == nullptr) at_barrier = &thread;
    if (thread.state != ThreadState::kAtWarpOperation) continue;
    if (in_warp == nullptr) in_warp = &thread;
    if (thread.warp == in_warp->warp && !IsWaitingFor(thread, *in_warp)) other = &thread;
  }
  if (other != nullptr) {
    AddReport(Fault::kMask,
              NameOf(*in_warp) + " and " + NameOf(*other) +
                  " are in different warp operations or masks, one at " + PlaceOf(in_warp->pc),
              other->pc);
    return;
  }
  const std::string barrier =
      at_barrier == nullptr
          ? ""
          : NameOf(*at_barrier) + " waits in a barrier at " + PlaceOf(at_barrier->pc) + " and ";
  AddReport(Fault::kDeadlock, barrier + NameOf(*in_warp) + " in a warp operation", in_warp->pc);
}

}  // namespace simt
