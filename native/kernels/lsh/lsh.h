#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"

namespace sparsetune {

/// SimHash: `lsh_l` tables, in each of which a vector has a code of `lsh_k` bits.
/// Source: MagicPIG, arXiv:2410.16179; K and L there are lsh_k and lsh_l here.
struct LshParams {
  uint32_t lsh_l = 0;  ///< 1..512
  uint32_t lsh_k = 0;  ///< 1..16
};

/// Keys per block of a table; a block holds, table after table, the codes of its keys, so that one
/// pass over it decides about 64 keys with two 64-bit words.
inline constexpr size_t kLshBlockKeys = 64;

/// Codes of many keys: [ceil(n_keys / 64), lsh_l, 64], each a uint8 (lsh_k <= 8) or a uint16.
struct LshTable {
  LshParams params;
  const void* codes = nullptr;
  size_t n_keys = 0;
};

/// Bytes of one code and of one block.
size_t LshCodeBytes(const LshParams& params);
size_t LshBlockBytes(const LshParams& params);

/// Planes are read in panels of 16: [ceil(lsh_l * lsh_k / 16), head_dim, 16], where column p % 16
/// of panel p / 16 is plane p = t * lsh_k + b. Columns after the last plane are zero.
inline constexpr size_t kLshPanelPlanes = 16;

/// Panels of all planes, and the floats they take.
size_t LshPanels(const LshParams& params);
size_t LshPanelFloats(const LshParams& params, size_t head_dim);

/// Brings planes into panels.
///
/// @param[in]  planes  [lsh_l, lsh_k, head_dim] row-major
/// @param[out] panels  LshPanelFloats of them
void LshPackPlanes(const float* planes, const LshParams& params, size_t head_dim, float* panels);

/// Codes of vectors: bit b of table t is set where vector . plane[t][b] >= 0.
///
/// @param[in]  vectors   [n] pointers to head_dim floats each, finite; keys already centred
/// @param[in]  n         at least 1
/// @param[in]  head_dim  at least 1
/// @param[in]  params    see LshParams
/// @param[in]  panels    of LshPackPlanes; the planes are standard normal
/// @param[in]  isa       one that SupportsIsa
/// @param[out] codes     [n, lsh_l]
/// @return kInvalidShape or kInvalidArgument if a size is out of bounds, kUnsupported for an
///         instruction set that is not built; `codes` is then untouched
///
/// Cost: 2 * lsh_l * lsh_k * head_dim FLOP per vector; no allocation, up to 80 KiB of stack. The
/// panels are read once for the vectors that are hashed at once: up to 24, fewer where head_dim is
/// above 512.
/// Instruction sets agree in every bit whose |dot| exceeds head_dim * 2^-23 * |vector| * |plane|,
/// avx2 and avx512 in every bit; on one of them a code does not depend on the other vectors of the
/// call. Safe to call from several threads.
Status LshCodes(const float* const* vectors, size_t n, size_t head_dim, const LshParams& params,
                const float* panels, Isa isa, uint16_t* codes);

/// Writes the codes of keys first..first+n-1 into a table with room for them.
///
/// @param[in]     codes  [n, lsh_l], of LshCodes
/// @param[in,out] table  [ceil((first + n) / 64), lsh_l, 64] codes as LshTable has them
void LshStore(const uint16_t* codes, size_t first, size_t n, const LshParams& params, void* table);

/// The keys that agree with a query on all bits of at least `min_matches` tables.
///
/// @param[in]  table        see LshTable
/// @param[in]  queries      [n_queries, lsh_l] codes of LshCodes
/// @param[in]  n_queries    at least 1
/// @param[in]  min_matches  1 or 2
/// @param[in]  first_block  block of table.codes to begin with
/// @param[in]  n_blocks     blocks to scan; first_block + n_blocks <= ceil(n_keys / 64)
/// @param[in]  isa          one that SupportsIsa
/// @param[out] bits         [n_queries, n_blocks]: bit j of word b is key
///                          (first_block + b) * 64 + j, 0 for keys that do not exist
/// @return as LshCodes
///
/// Exact on every instruction set. Each block is read once for all queries. No allocation. Safe to
/// call from several threads.
Status LshMatch(const LshTable& table, const uint16_t* queries, size_t n_queries,
                uint32_t min_matches, size_t first_block, size_t n_blocks, Isa isa, uint64_t* bits);

/// ln of the probability, over random planes, that a key matches a query.
///
/// With u = 1 - theta / pi for the angle theta between them and x = u^lsh_k, the chance of one
/// table: min_matches 1: 1 - (1-x)^L;  min_matches 2: 1 - (1-x)^L - L x (1-x)^(L-1).
///
/// @param cosine       of the angle; values beyond [-1, 1] are clamped, u is at least 2^-24
/// @param params       see LshParams
/// @param min_matches  1 or 2; more tables than there are cannot match: -infinity
/// @return at most 0, relative error of the probability below 1e-12 however small it is
double LshLogProbability(double cosine, const LshParams& params, uint32_t min_matches);

}  // namespace sparsetune
