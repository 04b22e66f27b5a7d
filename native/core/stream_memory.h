#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace sparsetune {

struct FreeStreamMemory {
  std::align_val_t alignment{};
  void operator()(uint8_t* memory) const { ::operator delete(memory, alignment); }
};

/// Memory that kernels stream through, not initialised.
using StreamMemory = std::unique_ptr<uint8_t, FreeStreamMemory>;

/// `bytes` of memory aligned to 64 bytes; from 2 MiB on, aligned to and (on Linux, where the kernel
/// allows it) backed by pages of 2 MiB, which a single core streams up to twice as fast as small
/// ones.
///
/// @throws std::bad_alloc
StreamMemory AllocateStreamMemory(size_t bytes);

}  // namespace sparsetune
