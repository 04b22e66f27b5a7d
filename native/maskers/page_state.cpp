#include "maskers/page_state.h"

#include <algorithm>

#include "core/element.h"
#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

float Order(float value) { return value; }

/// A 16-bit float as an integer of the same order: cheaper to compare than its float.
template <typename T>
int16_t Order(T element) {
  const auto bits = static_cast<int16_t>(element.bits);
  return static_cast<int16_t>(bits < 0 ? bits ^ 0x7fff : bits);
}

/// One page's bounds taken up to a key.
template <typename T>
void WidenRow(const T* key, size_t n, T* low, T* high) {
  for (size_t i = 0; i < n; ++i) {
    const T x = key[i];
    low[i] = Order(x) < Order(low[i]) ? x : low[i];
    high[i] = Order(x) > Order(high[i]) ? x : high[i];
  }
}

}  // namespace

std::unique_ptr<KeyState> PageState::Continue() const {
  auto next = std::make_unique<PageState>(page_size, head_dim);
  next->dtype = dtype;
  if ((first + n) % page_size != 0 && !bounds.empty()) {
    next->bounds.assign(bounds.end() - static_cast<ptrdiff_t>(page_bytes()), bounds.end());
  }
  return next;
}

template <typename T>
void PageState::Widen(const T* key, size_t position) {
  const size_t page = position / page_size - first_page();
  const bool is_new = bounds.size() == page * page_bytes();
  if (is_new) bounds.resize(bounds.size() + page_bytes());
  T* low = reinterpret_cast<T*>(bounds.data() + page * page_bytes());
  T* high = low + head_dim;
  if (is_new) {
    std::copy_n(key, head_dim, low);
    std::copy_n(key, head_dim, high);
  } else {
    WidenRow(key, head_dim, low, high);
  }
}

Status PageState::Extend(const KvView& kv, Isa /*isa*/) {
  dtype = kv.dtype;
  for (; first + n < kv.n_kv(); ++n) {
    const void* key = KeyRow(kv, first + n);
    WithElement(dtype,
                [&](auto type) { Widen(static_cast<const decltype(type)*>(key), first + n); });
  }
  return Status::kOk;
}

}  // namespace sparsetune
