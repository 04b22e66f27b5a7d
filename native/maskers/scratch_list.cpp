#include "maskers/scratch_list.h"

#include <mutex>

namespace sparsetune {
namespace {

struct ScratchList {
  std::mutex mutex;
  std::vector<Scratch> free;  ///< has room for all n_made, so that giving back cannot fail
  size_t n_made = 0;
};

ScratchList& TheList() {
  // Never deleted: a call on another thread may give back while the process ends.
  static auto* list = new ScratchList();
  return *list;
}

}  // namespace

BorrowedScratches::BorrowedScratches(size_t n) {
  scratches_.reserve(n);
  ScratchList& list = TheList();
  const std::lock_guard<std::mutex> lock(list.mutex);
  if (n > list.free.size()) list.free.reserve(list.n_made + n - list.free.size());
  while (scratches_.size() < n && !list.free.empty()) {
    scratches_.push_back(std::move(list.free.back()));
    list.free.pop_back();
  }
  while (scratches_.size() < n) {
    scratches_.emplace_back();
    ++list.n_made;
  }
}

BorrowedScratches::~BorrowedScratches() {
  ScratchList& list = TheList();
  const std::lock_guard<std::mutex> lock(list.mutex);
  for (Scratch& scratch : scratches_) list.free.push_back(std::move(scratch));
}

}  // namespace sparsetune
