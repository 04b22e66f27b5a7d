#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "cuda_host.h"
#include "reports.h"
#include "scheduler.h"
#include "traffic.h"

namespace simt {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kArenaBytes = size_t{1} << 20;
constexpr size_t kRedZone = 256;
constexpr uint8_t kPoison = 0xcb;
/// Accesses of one turn of a thread: no kernel under test needs a tenth of it.
constexpr uint64_t kMaxSteps = uint64_t{1} << 24;

std::map<const char*, std::unique_ptr<Region>> buffers;  // by where they begin
size_t device_bytes = 0;
std::map<const void*, std::unique_ptr<Region>> shared_arrays;  // by declaration; null: dynamic
size_t arena_used = 0;
Region* latest = nullptr;

size_t Pages(size_t n) { return (n + kPage - 1) / kPage * kPage; }

/// Shared memory of the block that runs; unused bytes lie between the arrays.
char* Arena() {
  static char* arena = nullptr;
  if (arena == nullptr) arena = static_cast<char*>(std::aligned_alloc(kPage, kArenaBytes));
  return arena;
}

bool IsInArena(const char* at) { return at >= Arena() && at < Arena() + kArenaBytes; }

Region* FindRegion(const char* at) {
  if (latest != nullptr && latest->Holds(at)) return latest;
  if (IsInArena(at)) {
    for (const auto& entry : shared_arrays) {
      if (entry.second->Holds(at)) return latest = entry.second.get();
    }
    return nullptr;
  }
  const auto next = buffers.upper_bound(at);
  if (next == buffers.begin()) return nullptr;
  Region* region = std::prev(next)->second.get();
  return region->Holds(at) ? latest = region : nullptr;
}

Region* AddShared(const void* declaration, size_t n, const char* name) {
  auto region = std::make_unique<Region>();
  const size_t begin = (arena_used + kRedZone + 127) / 128 * 128;
  if (begin + n > kArenaBytes) std::abort();
  region->begin = Arena() + begin;
  region->n = n;
  region->name = std::string("shared ") + name;
  region->is_shared = true;
  region->is_written.resize(n);
  arena_used = begin + n;
  std::memset(region->begin, kPoison, n);
  return (shared_arrays[declaration] = std::move(region)).get();
}

/// Where an address lies that is in no region.
std::string Neighbour(const char* at) {
  const Region* best = nullptr;
  size_t least = size_t{1} << 20;
  const auto look = [&](const Region& region) {
    const auto distance = static_cast<size_t>(
        at < region.begin ? region.begin - at : at - (region.begin + region.n) + 1);
    if (distance < least) {
      least = distance;
      best = &region;
    }
  };
  for (const auto& entry : shared_arrays) look(*entry.second);
  for (const auto& entry : buffers) look(*entry.second);
  if (best == nullptr) return "at an unknown address";
  const std::string size = " (" + std::to_string(best->n) + " bytes)";
  if (at < best->begin) return std::to_string(least) + " bytes before " + best->name + size;
  return std::to_string(least - 1) + " bytes behind " + best->name + size;
}

std::string Describe(AccessKind kind, size_t n) {
  static const char* const kNames[] = {"read", "write", "atomic operation"};
  return std::string(kNames[static_cast<int>(kind)]) + " of " + std::to_string(n) + " bytes";
}

void CountStep(Thread* thread, const void* pc) {
  if (++thread->steps < kMaxSteps) return;
  AddReport(Fault::kHang, NameOf(*thread) + " waits for nobody and does not end", pc);
  ExitThread();
}

void CheckWritten(const Region& region, size_t offset, size_t n, const void* pc) {
  const uint8_t* first = region.is_written.data() + offset;
  if (std::find(first, first + n, 0) == first + n) return;
  AddReport(Fault::kUninitialised,
            region.name + "[byte " + std::to_string(offset) + "], " + NameOf(*CurrentThread()), pc);
}

void CheckRace(Region* region, size_t offset, size_t n, AccessKind kind, const void* pc) {
  const Conflict conflict = region->shadow.Touch(region->n, offset, n, kind, pc);
  if (conflict.pc == nullptr) return;
  AddReport(Fault::kRace,
            region->name + "[byte " + std::to_string(offset) + "]: " + NameOf(*CurrentThread()) +
                " and " + conflict.other + " with nothing between that orders them; the other at " +
                PlaceOf(conflict.pc),
            pc);
}

/// A kernel's access to a region that holds all of it.
bool CheckInside(Region* region, const char* at, size_t n, AccessKind kind, const void* pc) {
  const auto offset = static_cast<size_t>(at - region->begin);
  if (GetOptions().measures) CountAccess(at, n, kind, region->is_shared, pc);
  if (kind != AccessKind::kWrite) CheckWritten(*region, offset, n, pc);
  if (kind != AccessKind::kRead) {
    if (region->is_read_only) {
      AddReport(Fault::kReadOnly, region->name + ", " + NameOf(*CurrentThread()), pc);
      return false;
    }
    std::fill_n(region->is_written.data() + offset, n, uint8_t{1});
  }
  if (!region->is_read_only) CheckRace(region, offset, n, kind, pc);
  return true;
}

}  // namespace

bool CheckAccess(const void* address, size_t n, AccessKind kind, const void* pc) {
  const auto* at = static_cast<const char*>(address);
  Thread* thread = CurrentThread();
  if (thread == nullptr) {
    const std::lock_guard<std::recursive_mutex> lock(HostMutex());
    if (!IsInArena(at) && FindRegion(at) == nullptr) return true;
    AddReport(Fault::kHostAccess, Describe(kind, n) + " by host code", pc);
    return true;
  }
  CountStep(thread, pc);
  if (at >= thread->stack_begin && at < thread->stack_end) return true;
  Region* region = FindRegion(at);
  if (region == nullptr) {
    if (kind == AccessKind::kRead && (IsHostConstant(at) || IsArgument(at))) return true;
    if (GetOptions().has_foreign) return true;
    AddReport(Fault::kOutOfBounds, Describe(kind, n) + " " + Neighbour(at) + ", " + NameOf(*thread),
              pc);
    ExitThread();
  }
  if (at + n > region->begin + region->n) {
    AddReport(Fault::kOutOfBounds,
              Describe(kind, n) + " over the end of " + region->name + ", " + NameOf(*thread), pc);
    ExitThread();
  }
  if (reinterpret_cast<uintptr_t>(at) % n != 0) {
    AddReport(Fault::kMisaligned,
              Describe(kind, n) + " in " + region->name + ", " + NameOf(*thread), pc);
    ExitThread();
  }
  return CheckInside(region, at, n, kind, pc);
}

void* AllocateDevice(size_t n) {
  if (n == 0 || device_bytes + n > GetOptions().device_bytes) return nullptr;
  const size_t mapped = Pages(n) + 2 * kPage;
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto region = std::make_unique<Region>();
  char* first = static_cast<char*>(memory);
  mprotect(first, kPage, PROT_NONE);
  mprotect(first + mapped - kPage, kPage, PROT_NONE);
  region->begin = first + kPage;
  region->n = n;
  region->name = "a buffer";
  region->is_written.resize(n);
  std::memset(region->begin, kPoison, n);
  device_bytes += n;
  char* begin = region->begin;
  buffers[begin] = std::move(region);
  return begin;
}

bool FreeDevice(void* buffer) {
  const auto found = buffers.find(static_cast<const char*>(buffer));
  if (found == buffers.end()) return false;
  const Region& region = *found->second;
  device_bytes -= region.n;
  munmap(region.begin - kPage, Pages(region.n) + 2 * kPage);
  latest = nullptr;
  buffers.erase(found);
  return true;
}

size_t DeviceBytes() { return device_bytes; }

bool IsDeviceMemory(const void* at, size_t n) {
  const auto* first = static_cast<const char*>(at);
  if (IsInArena(first)) return false;
  const Region* region = FindRegion(first);
  return region != nullptr && first + n <= region->begin + region->n;
}

bool IsDeviceOrForeign(const void* at, size_t n) {
  const auto* first = static_cast<const char*>(at);
  const bool is_foreign = !IsInArena(first) && FindRegion(first) == nullptr;
  return is_foreign ? GetOptions().has_foreign : IsDeviceMemory(at, n);
}

void MarkWritten(const void* at, size_t n) {
  const auto* first = static_cast<const char*>(at);
  Region* region = n == 0 ? nullptr : FindRegion(first);
  if (region != nullptr) std::fill_n(region->is_written.data() + (first - region->begin), n, 1);
}

void CopyWritten(const void* to, const void* from, size_t n) {
  const auto* source = static_cast<const char*>(from);
  const auto* target = static_cast<const char*>(to);
  const Region* source_region = FindRegion(source);
  Region* target_region = FindRegion(target);
  if (target_region == nullptr) return;
  if (source_region == nullptr) return MarkWritten(to, n);
  std::copy_n(source_region->is_written.data() + (source - source_region->begin), n,
              target_region->is_written.data() + (target - target_region->begin));
}

void NameRegion(const void* at, const std::string& name) {
  Region* region = FindRegion(static_cast<const char*>(at));
  if (region != nullptr) region->name = name;
}

void MarkReadOnly(const void* at) {
  Region* region = FindRegion(static_cast<const char*>(at));
  if (region != nullptr) region->is_read_only = true;
}

void BeginBlockMemory(size_t dynamic_bytes) {
  EndBlockMemory();
  if (dynamic_bytes > 0) AddShared(nullptr, dynamic_bytes, "dynamic array");
}

void EndBlockMemory() {
  shared_arrays.clear();
  arena_used = 0;
  latest = nullptr;
}

void* SharedArray(const void* declaration, size_t n, const char* name) {
  const auto found = shared_arrays.find(declaration);
  if (found != shared_arrays.end()) return found->second->begin;
  Region* region = AddShared(declaration, n, name);
  size_t total = 0;
  for (const auto& entry : shared_arrays) total += entry.second->n;
  if (total > GetOptions().shared_bytes) {
    AddReport(Fault::kLimit, std::to_string(total) + " bytes of shared memory", nullptr);
  }
  return region->begin;
}

void* DynamicShared() {
  const auto found = shared_arrays.find(nullptr);
  // Without a dynamic array any access is out of bounds.
  return found != shared_arrays.end() ? found->second->begin : Arena() + kArenaBytes - 64;
}

}  // namespace simt
