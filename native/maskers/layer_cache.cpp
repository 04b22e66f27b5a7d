#include "maskers/layer_cache.h"

#include <algorithm>

#include "core/element.h"

namespace sparsetune {
namespace {

constexpr size_t kFirstRows = 64;

}  // namespace

size_t LayerCache::GrownRows(size_t rows, size_t allocated) const {
  return std::min(std::max({rows, kFirstRows, 2 * allocated}), shape_.capacity);
}

void StoreRows(const float* source, const LayerCache::Shape& shape, size_t n, size_t head_bytes,
               uint8_t* memory) {
  const size_t per_head = n * shape.head_dim;
  WithElement(shape.dtype, [&](auto type) {
    using T = decltype(type);
    for (size_t head = 0; head < shape.n_kv_heads; ++head) {
      auto* elements = reinterpret_cast<T*>(memory + head * head_bytes);
      for (size_t i = 0; i < per_head; ++i) {
        elements[i] = FromFloat<T>(source[head * per_head + i]);
      }
    }
  });
}

}  // namespace sparsetune
