#pragma once

#include <cstddef>

namespace sparsetune::testing {

/// While it lives, `new` throws std::bad_alloc once, after `n` allocations that succeed.
class FailingNew {
 public:
  explicit FailingNew(size_t n);
  ~FailingNew();
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;

  /// Whether it has thrown.
  static bool HasFailed();
};

/// Allocations of `new` that are not given back yet.
size_t LiveBytes();

}  // namespace sparsetune::testing
