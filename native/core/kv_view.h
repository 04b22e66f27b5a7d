#pragma once

#include <cstddef>
#include <cstdint>

namespace sparsetune {

/// Element type of stored keys and values.
enum class Dtype : uint8_t { kF32 = 0, kF16 = 1, kBf16 = 2 };

/// Bytes of one element.
inline constexpr size_t DtypeBytes(Dtype dtype) { return dtype == Dtype::kF32 ? 4 : 2; }

/// Keys and values of one KV head, both [n_kv, head_dim] row-major in one contiguous block each.
struct KvPiece {
  const void* keys = nullptr;
  const void* values = nullptr;
  size_t n_kv = 0;
};

/// One KV head as two pieces in position order: `base` (a context that many streams share and
/// nobody writes) and `tail` (the new tokens of one stream). Either may be empty. Not owning.
struct KvView {
  Dtype dtype = Dtype::kF16;
  size_t head_dim = 0;
  KvPiece base;
  KvPiece tail;

  size_t n_kv() const { return base.n_kv + tail.n_kv; }
};

}  // namespace sparsetune
