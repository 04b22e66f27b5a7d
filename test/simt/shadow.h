#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace simt {

enum class AccessKind : uint8_t;

/// Who touched a cell, and when: its block, how many barriers the block had passed, and how far the
/// thread's own clock in its warp was.
struct Stamp {
  uint32_t block = 0;  ///< plus 1; 0: nobody
  uint32_t barriers = 0;
  uint16_t thread = 0;
  uint16_t clock = 0;
  const void* pc = nullptr;
};

/// All that touched a cell in a way that does not conflict with one another. Enough is kept to see
/// any of them that is not ordered before a thread of the block that runs.
struct StampSet {
  Stamp latest;
  Stamp other_warp;    ///< of the same block and the same time between barriers
  Stamp other_block;   ///< of an earlier block of the launch
  uint32_t lanes = 0;  ///< 1 + index of the clocks of all lanes of the latest's warp; 0: one lane
};

/// Another access that conflicts; pc null: none does.
struct Conflict {
  const void* pc = nullptr;
  std::string other;  ///< thread and block
};

/// Finds races in one region of memory (happens-before). Barriers order the threads of a block,
/// __syncwarp those of a warp, and the end of a launch everything. Blocks of a launch are never
/// ordered. Atomic operations conflict only with plain accesses.
class Shadow {
 public:
  /// Notes an access of the current thread to [offset, offset + n) of a region of `size` bytes.
  Conflict Touch(size_t size, size_t offset, size_t n, AccessKind kind, const void* pc);

 private:
  struct Cell {
    uint32_t launch = 0;
    uint32_t atomics = 0;  ///< 1 + index; 0: none
    Stamp write;
    StampSet reads;
  };
  using LaneClocks = std::array<uint16_t, 32>;

  Conflict TouchCell(Cell* cell, AccessKind kind, const Stamp& now);
  Conflict FindIn(const StampSet& set) const;
  void Insert(const Stamp& now, StampSet* set);
  void Split(size_t size, size_t cell_bytes);

  size_t cell_bytes_ = 4;
  uint32_t launch_ = 0;
  std::vector<Cell> cells_;
  std::vector<StampSet> atomics_;
  std::vector<LaneClocks> lanes_;
};

}  // namespace simt
