#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"

namespace sparsetune {

/// Keys of one block of quantised keys.
inline constexpr size_t kQuantBlockKeys = 64;

/// Elements of a quantised row: head_dim, and zeros up to a multiple of 4.
inline constexpr size_t QuantChannels(size_t head_dim) { return (head_dim + 3) / 4 * 4; }

/// Bytes of a block: [channels / 4][64 keys][4 channels] elements of 8 bits, 128 added to each,
/// then [64 keys] scales as floats. One block is one stream through memory, and a multiple of 64
/// bytes.
inline constexpr size_t QuantBlockBytes(size_t head_dim) {
  return kQuantBlockKeys * (QuantChannels(head_dim) + sizeof(float));
}

/// A block of keys that are all zero.
///
/// @param[out] block  QuantBlockBytes(head_dim) bytes
void ClearQuantBlock(size_t head_dim, uint8_t* block);

/// Quantises one key, symmetrically by its largest magnitude: scale = max |k_i| / 127, element =
/// round(k_i / scale) to nearest even. A key without an element above 1e-30 becomes zero.
///
/// @param[in]  key    [head_dim] finite
/// @param[in]  slot   0..63
/// @param[out] block  only the key at `slot` is written
void QuantizeKey(const float* key, size_t head_dim, size_t slot, uint8_t* block);

/// Quantises one query in the same way; its scale, the same for all keys, is not kept.
///
/// @param[in]  query  [head_dim] finite
/// @param[out] codes  [QuantChannels(head_dim)]
/// @return the sum of the codes
int32_t QuantizeQuery(const float* query, size_t head_dim, int8_t* codes);

struct QuantizedQueries {
  const int8_t* codes = nullptr;  ///< [n, QuantChannels(head_dim)] row-major, of QuantizeQuery
  const int32_t* sums = nullptr;  ///< [n] of the codes
  size_t n = 0;                   ///< at least 1
};

struct QuantizedKeys {
  const uint8_t* blocks = nullptr;  ///< [n_blocks, QuantBlockBytes(head_dim)]; fastest at 64 bytes
  size_t head_dim = 0;              ///< 1..65536
  size_t n_blocks = 0;              ///< may be 0
};

/// Scores of a query group with quantised keys: scores[g][key] = (sum of code * element) * scale of
/// the key. They order the keys of one query as the scores with its own scale would.
///
/// @param[out] scores  [queries.n, stride] row-major; the first 64 * n_blocks of each are written
/// @param[in]  stride  at least 64 * n_blocks
/// @return kInvalidShape if a size is out of bounds; kUnsupported for an instruction set that is
///         not built; `scores` is then untouched
///
/// Sums are exact integers and the product rounds once: every instruction set gives the same
/// scores. Each byte of the keys is read once for the whole group. With dot products of bytes,
/// where the CPU has them (HasByteDots), else with 16-bit products. No allocation. Safe to call
/// from several threads.
Status QuantizedScores(const QuantizedQueries& queries, const QuantizedKeys& keys, Isa isa,
                       float* scores, size_t stride);

}  // namespace sparsetune
