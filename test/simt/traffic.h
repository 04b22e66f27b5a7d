#pragma once

#include <cstddef>
#include <cstdint>

namespace simt {

enum class AccessKind : uint8_t;

inline constexpr uint64_t kSectorBytes = 32;

/// What warp instructions asked of memory. Lanes are grouped by instruction and by how
/// often the lane has come there: a model of a GPU, not one.
struct Traffic {
  uint64_t requests = 0;       ///< of warps, to device memory
  uint64_t sectors = 0;        ///< of 32 bytes that they touch
  uint64_t ideal_sectors = 0;  ///< that as many distinct bytes need at least
  uint64_t read_sectors = 0;   ///< each once: what comes from behind a large cache
  uint64_t written_sectors = 0;
  uint64_t shared_requests = 0;
  uint64_t wavefronts = 0;  ///< passes over the 32 banks of shared memory
  uint64_t ideal_wavefronts = 0;
  uint64_t read_bytes = 0;  ///< of device memory, one for each lane that asks for it
  uint64_t written_bytes = 0;
};

/// Notes an access of the current thread.
void CountAccess(const char* at, size_t n, AccessKind kind, bool is_shared, const void* pc);
/// Closes the accounts of a block.
void CountBlock();

/// Traffic since the last call.
Traffic TakeTraffic();

/// Whether a program that loads the emulator wants to know what goes to the device: then
/// SPARSETUNE_SIMT_LOG names a file.
bool IsTrafficLogged();
/// Appends a line to that file: how many bytes a launch, or a copy or a clearing without the host,
/// read and wrote, and its name.
void LogTraffic(const char* name, uint64_t bytes);

}  // namespace simt
