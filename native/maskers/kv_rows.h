#pragma once

#include <array>
#include <cstddef>

#include "core/kv_view.h"

namespace sparsetune {

/// Consecutive rows in one piece of a KvView: positions first .. first + n - 1.
struct KvRun {
  const void* keys = nullptr;
  const void* values = nullptr;
  size_t first = 0;
  size_t n = 0;
};

/// Positions [begin, end) as runs in base and tail; either may be empty. `end` is at most n_kv.
std::array<KvRun, 2> SplitRun(const KvView& kv, size_t begin, size_t end);

/// The stored elements of one key, and the same as floats.
const void* KeyRow(const KvView& kv, size_t key);
void ReadKey(const KvView& kv, size_t key, float* row);

}  // namespace sparsetune
