#pragma once

#include <cstddef>
#include <vector>

#include "maskers/chain.h"

namespace sparsetune {

/// Working memory for the threads of one call, from a list of the process: given back at the end
/// with what it has grown to, so that later calls allocate nothing. The list holds as many as were
/// ever in use at once. Safe from many threads.
class BorrowedScratches {
 public:
  /// @throws std::bad_alloc
  explicit BorrowedScratches(size_t n);
  ~BorrowedScratches();
  BorrowedScratches(const BorrowedScratches&) = delete;
  BorrowedScratches& operator=(const BorrowedScratches&) = delete;

  Scratch* operator[](size_t i) { return &scratches_[i]; }

 private:
  std::vector<Scratch> scratches_;
};

}  // namespace sparsetune
