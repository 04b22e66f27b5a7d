// What g++ calls before every load and store of a unit compiled with -fsanitize=thread, and where
// an address is misaligned in one compiled with -fsanitize=alignment. Their own libraries are not
// linked.
#include <cstddef>
#include <cstdint>

#include "memory.h"
#include "reports.h"
#include "scheduler.h"

// Of the program or library that this is linked into.
extern "C" __attribute__((visibility("hidden"))) const char __ehdr_start[];
extern "C" __attribute__((visibility("hidden"))) const char _end[];

namespace simt {

bool IsHostConstant(const char* at) { return at >= __ehdr_start && at < _end; }

namespace {

void Check(const void* at, size_t n, AccessKind kind, const void* pc) {
  if (CheckAccess(at, n, kind, pc)) return;
  ExitThread();
}

}  // namespace
}  // namespace simt

#define SIMT_PC __builtin_return_address(0)
#define SIMT_HOOKS(n)                                                                              \
  void __tsan_read##n(void* at) { simt::Check(at, n, simt::AccessKind::kRead, SIMT_PC); }          \
  void __tsan_write##n(void* at) { simt::Check(at, n, simt::AccessKind::kWrite, SIMT_PC); }        \
  void __tsan_unaligned_read##n(void* at) {                                                        \
    simt::Check(at, n, simt::AccessKind::kRead, SIMT_PC);                                          \
  }                                                                                                \
  void __tsan_unaligned_write##n(void* at) {                                                       \
    simt::Check(at, n, simt::AccessKind::kWrite, SIMT_PC);                                         \
  }                                                                                                \
  void __tsan_volatile_read##n(void* at) { simt::Check(at, n, simt::AccessKind::kRead, SIMT_PC); } \
  void __tsan_volatile_write##n(void* at) { simt::Check(at, n, simt::AccessKind::kWrite, SIMT_PC); }

extern "C" {

SIMT_HOOKS(1)
SIMT_HOOKS(2)
SIMT_HOOKS(4)
SIMT_HOOKS(8)
SIMT_HOOKS(16)

// Objects of other sizes: as words, since they may be aligned to these only.
void __tsan_read_range(void* at, size_t n) {
  for (size_t i = 0; i < n; i += 4) {
    simt::Check(static_cast<char*>(at) + i, 4, simt::AccessKind::kRead, SIMT_PC);
  }
}
void __tsan_write_range(void* at, size_t n) {
  for (size_t i = 0; i < n; i += 4) {
    simt::Check(static_cast<char*>(at) + i, 4, simt::AccessKind::kWrite, SIMT_PC);
  }
}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_init() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

/// Data of the compiler's; only the first fields are used.
struct MismatchData {
  const char* file;
  uint32_t line;
  uint32_t column;
  const void* type;
  uint8_t log_alignment;
};

void __ubsan_handle_type_mismatch_v1(const MismatchData* data, uintptr_t at) {
  if (simt::CurrentThread() == nullptr) return;
  simt::AddReport(simt::Fault::kMisaligned,
                  "address " + std::to_string(at % 4096) + " of a page is no multiple of " +
                      std::to_string(1u << data->log_alignment) + ", " +
                      simt::NameOf(*simt::CurrentThread()),
                  SIMT_PC);
  simt::ExitThread();
}
}
