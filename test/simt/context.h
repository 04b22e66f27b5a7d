#pragma once

#include <cstddef>

namespace simt {

/// A point at which a stack was left, to go on from later.
struct Context {
  void* stack = nullptr;  ///< its top
};

/// A context that begins `entry`, which never returns, on `n` bytes from `memory` on.
Context MakeContext(char* memory, size_t n, void (*entry)());

/// Leaves the stack at hand, as `from`, and goes on with `to`.
void SwitchContext(Context* from, const Context& to);

}  // namespace simt
