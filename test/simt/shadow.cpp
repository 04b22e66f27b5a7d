#include "shadow.h"

#include <algorithm>

#include "memory.h"
#include "scheduler.h"

namespace simt {
namespace {

Stamp Now(const void* pc) {
  const Thread& self = *CurrentThread();
  return {CurrentBlock().id + 1, self.barriers, static_cast<uint16_t>(self.id),
          self.clocks[self.lane], pc};
}

bool IsFromHere(const Stamp& stamp) { return stamp.block == CurrentBlock().id + 1; }

/// Whether an access of the block that runs happened before what its current thread does now.
bool IsOrdered(const Stamp& stamp) {
  const Thread& self = *CurrentThread();
  if (stamp.block == 0) return true;
  if (!IsFromHere(stamp)) return false;
  if (stamp.thread == self.id || stamp.barriers < self.barriers) return true;
  return stamp.thread / kWarpLanes == self.warp &&
         self.clocks[stamp.thread % kWarpLanes] >= stamp.clock;
}

Conflict ConflictWith(const Stamp& stamp) {
  return {stamp.pc, "thread " + std::to_string(stamp.thread) + " of block " +
                        std::to_string(stamp.block - 1)};
}

}  // namespace

void Shadow::Split(size_t size, size_t cell_bytes) {
  const size_t factor = cell_bytes_ / cell_bytes;
  std::vector<Cell> cells((size + cell_bytes - 1) / cell_bytes);
  for (size_t i = 0; i < cells.size() && !cells_.empty(); ++i) cells[i] = cells_[i / factor];
  cells_.swap(cells);
  cell_bytes_ = cell_bytes;
}

Conflict Shadow::FindIn(const StampSet& set) const {
  for (const Stamp* stamp : {&set.other_block, &set.other_warp, &set.latest}) {
    if (!IsOrdered(*stamp)) return ConflictWith(*stamp);
  }
  if (set.lanes == 0) return {};
  const LaneClocks& clocks = lanes_[set.lanes - 1];
  for (uint16_t lane = 0; lane < kWarpLanes; ++lane) {
    if (clocks[lane] == 0) continue;
    Stamp stamp = set.latest;
    stamp.thread = static_cast<uint16_t>(stamp.thread / kWarpLanes * kWarpLanes + lane);
    stamp.clock = clocks[lane];
    if (!IsOrdered(stamp)) return ConflictWith(stamp);
  }
  return {};
}

void Shadow::Insert(const Stamp& now, StampSet* set) {
  const Stamp before = set->latest;
  set->latest = now;
  if (before.block != 0 && before.block != now.block) {
    *set = {now, {}, before, 0};
    return;
  }
  if (before.block == 0 || before.barriers != now.barriers) {
    // What is before a barrier is ordered before all that comes after it.
    *set = {now, {}, set->other_block, 0};
    return;
  }
  if (before.thread / kWarpLanes != now.thread / kWarpLanes) {
    // Whoever comes now is of another warp than one of the two.
    set->other_warp = before;
    set->lanes = 0;
    return;
  }
  if (before.thread == now.thread && set->lanes == 0) return;
  if (set->lanes == 0) {
    lanes_.emplace_back();
    set->lanes = static_cast<uint32_t>(lanes_.size());
    lanes_.back()[before.thread % kWarpLanes] = before.clock;
  }
  lanes_[set->lanes - 1][now.thread % kWarpLanes] = now.clock;
}

Conflict Shadow::TouchCell(Cell* cell, AccessKind kind, const Stamp& now) {
  if (cell->launch != launch_) {
    *cell = Cell();
    cell->launch = launch_;
  }
  Conflict conflict;
  if (!IsOrdered(cell->write)) conflict = ConflictWith(cell->write);
  if (kind != AccessKind::kAtomic && cell->atomics != 0 && conflict.pc == nullptr) {
    conflict = FindIn(atomics_[cell->atomics - 1]);
  }
  if (kind != AccessKind::kRead && conflict.pc == nullptr) conflict = FindIn(cell->reads);
  if (kind == AccessKind::kRead) Insert(now, &cell->reads);
  if (kind == AccessKind::kWrite) {
    cell->reads = {};
    cell->atomics = 0;
    cell->write = now;
  }
  if (kind == AccessKind::kAtomic) {
    if (cell->atomics == 0) {
      atomics_.emplace_back();
      cell->atomics = static_cast<uint32_t>(atomics_.size());
    }
    Insert(now, &atomics_[cell->atomics - 1]);
  }
  return conflict;
}

Conflict Shadow::Touch(size_t size, size_t offset, size_t n, AccessKind kind, const void* pc) {
  if (launch_ != CurrentLaunch()) {
    launch_ = CurrentLaunch();
    atomics_.clear();
    lanes_.clear();
  }
  if (cells_.empty()) Split(size, cell_bytes_);
  if (n % cell_bytes_ != 0 || offset % cell_bytes_ != 0) Split(size, n % 2 == 0 ? 2 : 1);
  const Stamp now = Now(pc);
  Conflict conflict;
  for (size_t i = offset / cell_bytes_; i < (offset + n) / cell_bytes_; ++i) {
    const Conflict found = TouchCell(&cells_[i], kind, now);
    if (conflict.pc == nullptr) conflict = found;
  }
  return conflict;
}

}  // namespace simt
