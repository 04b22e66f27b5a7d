#include "maskers/kv_rows.h"

#include <algorithm>
#include <cstdint>

#include "core/element.h"

namespace sparsetune {
namespace {

KvRun RunOf(const KvView& kv, const KvPiece& piece, size_t piece_first, size_t begin, size_t end) {
  const size_t first = std::max(begin, piece_first);
  const size_t last = std::min(end, piece_first + piece.n_kv);
  if (first >= last) return {};
  const size_t offset = (first - piece_first) * kv.head_dim * DtypeBytes(kv.dtype);
  return {static_cast<const uint8_t*>(piece.keys) + offset,
          static_cast<const uint8_t*>(piece.values) + offset, first, last - first};
}

}  // namespace

std::array<KvRun, 2> SplitRun(const KvView& kv, size_t begin, size_t end) {
  return {RunOf(kv, kv.base, 0, begin, end), RunOf(kv, kv.tail, kv.base.n_kv, begin, end)};
}

const void* KeyRow(const KvView& kv, size_t key) {
  const size_t row_bytes = kv.head_dim * DtypeBytes(kv.dtype);
  const bool in_base = key < kv.base.n_kv;
  const void* keys = in_base ? kv.base.keys : kv.tail.keys;
  return static_cast<const uint8_t*>(keys) + (in_base ? key : key - kv.base.n_kv) * row_bytes;
}

void ReadKey(const KvView& kv, size_t key, float* row) {
  const void* stored = KeyRow(kv, key);
  WithElement(kv.dtype, [&](auto type) {
    const auto* elements = static_cast<const decltype(type)*>(stored);
    for (size_t i = 0; i < kv.head_dim; ++i) row[i] = ToFloat(elements[i]);
  });
}

}  // namespace sparsetune
