#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"

namespace sparsetune {

/// Agreement of a query's bit signature with those of keys: scores[j] = minus the number of bits in
/// which key j differs.
///
/// @param[in]  query    [n_words]
/// @param[in]  keys     [n, n_words] row-major; bits beyond the signature are equal everywhere
/// @param[in]  n_words  at least 1
/// @param[in]  n        may be 0
/// @param[in]  isa      one that SupportsIsa
/// @param[out] scores   [n]
/// @return kInvalidShape if a size is out of bounds; kUnsupported for an instruction set that is
///         not built; `scores` is then untouched
///
/// Exact on every instruction set. No allocation. Safe to call from several threads.
/// Source: HashAttention, arXiv:2412.14468 (sign . sign = bits - 2 * differing bits).
Status SignatureScores(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                       Isa isa, float* scores);

}  // namespace sparsetune
