#include "memory.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

// Each block has a header before it: its size, and where the memory begins.

namespace {

struct Header {
  void* memory;
  size_t bytes;
};

std::atomic<int64_t> n_until_failure{-1};
std::atomic<bool> has_failed{false};
std::atomic<size_t> live_bytes{0};

void* Allocate(size_t bytes, size_t alignment) {
  if (n_until_failure >= 0 && n_until_failure-- == 0) {
    has_failed = true;
    throw std::bad_alloc();
  }
  void* memory = std::malloc(bytes + alignment + sizeof(Header));
  if (memory == nullptr) throw std::bad_alloc();
  const uintptr_t first = reinterpret_cast<uintptr_t>(memory) + sizeof(Header);
  const uintptr_t block = (first + alignment - 1) / alignment * alignment;
  reinterpret_cast<Header*>(block)[-1] = {memory, bytes};
  live_bytes += bytes;
  return reinterpret_cast<void*>(block);
}

void GiveBack(void* block) {
  if (block == nullptr) return;
  const Header header = static_cast<Header*>(block)[-1];
  live_bytes -= header.bytes;
  std::free(header.memory);
}

}  // namespace

void* operator new(size_t bytes) { return Allocate(bytes, alignof(std::max_align_t)); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* block) noexcept { GiveBack(block); }
void operator delete(void* block, size_t /*bytes*/) noexcept { GiveBack(block); }
void operator delete(void* block, std::align_val_t /*alignment*/) noexcept { GiveBack(block); }
void operator delete(void* block, size_t /*bytes*/, std::align_val_t /*alignment*/) noexcept {
  GiveBack(block);
}

namespace sparsetune::testing {

FailingNew::FailingNew(size_t n) {
  has_failed = false;
  n_until_failure = static_cast<int64_t>(n);
}
FailingNew::~FailingNew() { n_until_failure = -1; }

bool FailingNew::HasFailed() { return has_failed; }

size_t LiveBytes() { return live_bytes; }

}  // namespace sparsetune::testing
