#include "core/stream_memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace sparsetune {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr std::align_val_t kSmallAlignment{64};
constexpr std::align_val_t kLargeAlignment{kHugePage};

}  // namespace

StreamMemory AllocateStreamMemory(size_t bytes) {
  const auto alignment = bytes < kHugePage ? kSmallAlignment : kLargeAlignment;
  StreamMemory memory(static_cast<uint8_t*>(::operator new(bytes, alignment)),
                      FreeStreamMemory{alignment});
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // A refusal costs speed only.
  if (bytes >= kHugePage) madvise(memory.get(), bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace sparsetune
