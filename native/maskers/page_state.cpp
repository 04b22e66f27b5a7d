#include "maskers/page_state.h"

#include <algorithm>

#include "core/f16.h"
#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

float ToFloat(float value) { return value; }
float ToFloat(uint16_t half) { return HalfToFloat(half); }

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
  for (size_t i = 0; i < head_dim; ++i) {
    if (is_new || ToFloat(key[i]) < ToFloat(low[i])) low[i] = key[i];
    if (is_new || ToFloat(key[i]) > ToFloat(high[i])) high[i] = key[i];
  }
}

Status PageState::Extend(const KvView& kv, Isa /*isa*/) {
  dtype = kv.dtype;
  for (; first + n < kv.n_kv(); ++n) {
    const void* key = KeyRow(kv, first + n);
    if (dtype == Dtype::kF32) {
      Widen(static_cast<const float*>(key), first + n);
    } else {
      Widen(static_cast<const uint16_t*>(key), first + n);
    }
  }
  return Status::kOk;
}

}  // namespace sparsetune
