#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shadow.h"

namespace simt {

/// A device buffer or a shared array, and what is known of each byte.
struct Region {
  char* begin = nullptr;
  size_t n = 0;  ///< bytes
  std::string name;
  bool is_shared = false;
  bool is_read_only = false;
  std::vector<uint8_t> is_written;  ///< [n]
  Shadow shadow;

  bool Holds(const char* at) const { return at >= begin && at < begin + n; }
};

enum class AccessKind : uint8_t { kRead, kWrite, kAtomic };

/// A load or store of `n` bytes by the thread that runs; reports whatever is wrong with it.
///
/// @return false where the bytes must not be touched
bool CheckAccess(const void* at, size_t n, AccessKind kind, const void* pc);

/// Device memory: no byte written, between pages that nobody may touch; null beyond the limit.
void* AllocateDevice(size_t n);
/// Whether there was such a buffer.
bool FreeDevice(void* buffer);
size_t DeviceBytes();

/// Bytes that the host wrote.
void MarkWritten(const void* at, size_t n);
/// Bytes of one buffer that were copied to another are as written there as they were; foreign ones
/// are written.
void CopyWritten(const void* to, const void* from, size_t n);
void NameRegion(const void* at, const std::string& name);
/// Kernels may only read it.
void MarkReadOnly(const void* at);
/// Whether it is a constant of the program (a table in the kernel source).
bool IsHostConstant(const char* at);
/// Whether [at, at + n) lies in one device buffer.
bool IsDeviceMemory(const void* at, size_t n);
/// The same, or outside all of them where Options::has_foreign.
bool IsDeviceOrForeign(const void* at, size_t n);

/// Shared memory of a block: empty but for the dynamic array.
void BeginBlockMemory(size_t dynamic_bytes);
void EndBlockMemory();
/// The shared array of a declaration: the same for every thread of a block.
void* SharedArray(const void* declaration, size_t n, const char* name);
void* DynamicShared();

}  // namespace simt
