#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"
#include "kernels/lsh/lsh.h"

namespace sparsetune {

/// Keys of one run of buckets at most: their numbers fit 16 bits.
inline constexpr size_t kLshRunKeys = 65536;

/// The keys of one run by bucket, for each table. Bucket (t, code) is
/// units[starts[t << lsh_k | code]] up to the next start:
/// the numbers of its keys, ascending, where they are fewer than n_keys / 32; else n_keys / 16
/// units with one bit per key, lowest first.
struct LshBuckets {
  LshParams params;
  const uint32_t* starts = nullptr;  ///< [(lsh_l << lsh_k) + 1], see LshStartCount
  const uint16_t* units = nullptr;
  size_t n_keys = 0;  ///< a multiple of 64, at most kLshRunKeys
};

size_t LshStartCount(const LshParams& params);
/// Units of the buckets of one table at most.
size_t LshTableUnits(size_t n_keys);

/// Sorts the keys of one table into its buckets.
///
/// @param[in]  codes   blocks as LshTable has them, of at least n_keys keys
/// @param[in]  table   0..lsh_l - 1
/// @param[in]  n_keys  as LshBuckets has it
/// @param[in]  begin   units used by the tables before
/// @param[in]  room    [2 * n_keys] working memory
/// @param[out] starts  of all tables; [table << lsh_k, (table + 1) << lsh_k] are written
/// @param[out] units   of all tables, with room for LshTableUnits(n_keys) from `begin`
/// @return units used with this table, at most begin + LshTableUnits(n_keys)
///
/// Cost: one pass over the codes of the table, about 3 ns per key. No allocation.
size_t LshSortTable(const LshTable& codes, size_t table, size_t n_keys, size_t begin,
                    uint16_t* room, uint32_t* starts, uint16_t* units);

/// Writes the codes of a run back into blocks, key 0 of the run as key 0 of the blocks.
///
/// @param[out] codes  as LshTable has them, with room for run.n_keys
void LshUnsort(const LshBuckets& run, void* codes);

/// The keys of a run that agree with each query on all bits of at least `min_matches` tables: the
/// bits that LshMatch finds.
///
/// @param[in]  run          see LshBuckets
/// @param[in]  queries      [n_queries, lsh_l] codes of LshCodes
/// @param[in]  n_queries    at least 1
/// @param[in]  min_matches  1 or 2
/// @param[in]  isa          one that SupportsIsa
/// @param[in]  counts       [run.n_keys] working memory
/// @param[out] bits         [n_queries, stride], the first run.n_keys / 64 words of each
/// @param[in]  stride       at least run.n_keys / 64
/// @return kInvalidShape, kInvalidArgument if a size or parameter is out of bounds; kUnsupported
///
/// Exact on every instruction set. Reads one bucket of each table per query. No allocation. Safe to
/// call from several threads.
Status LshLookUp(const LshBuckets& run, const uint16_t* queries, size_t n_queries,
                 uint32_t min_matches, Isa isa, uint8_t* counts, uint64_t* bits, size_t stride);

/// Bytes of starts and buckets that LshLookUp reads for all of these queries: each bucket once,
/// with the two starts around it.
///
/// @param[in] queries  [n_queries, lsh_l]
size_t LshLookUpBytes(const LshBuckets& run, const uint16_t* queries, size_t n_queries);

}  // namespace sparsetune
