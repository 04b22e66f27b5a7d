#pragma once

#include "core/status.h"
#include "cuda/rows.h"
#include "cuda/selection.h"
#include "cuda/stream.h"
#include "kernels/lsh/buckets.h"
#include "kernels/lsh/lsh.h"
#include "kernels/lsh/weights.h"

namespace sparsetune::cuda {

// Tables, codes, panels and curves are those of the CPU's kernels/lsh, in device memory.

/// The mean of the keys [0, n) of each KV head, rounded once.
///
/// @param      partial  [n_kv_heads, ceil(n / kMeanChunk), head_dim] scratch
/// @param[out] mean     [n_kv_heads, head_dim]
///
/// Two launches; sums in double, chunk after chunk: the CPU's but for the rounding of sums that no
/// double holds.
inline constexpr size_t kMeanChunk = 1024;
Status LshMean(const KvRows& kv, size_t n, double* partial, float* mean, Stream stream);

/// Codes of keys, in blocks as LshTable has them.
struct LshKeyTable {
  uint8_t* codes = nullptr;  ///< [n_kv_heads, stride, LshBlockBytes]
  size_t stride = 0;         ///< blocks of a head
  float* norms = nullptr;    ///< [n_kv_heads, 64 * stride] of the centred keys
};

/// Codes and norms of the keys [begin, end), centred by the mean of their head.
///
/// @param[in]  mean    [n_kv_heads, head_dim] of LshMean or zeros
/// @param[in]  panels  of LshPackPlanes
/// @param[out] table   the codes and norms of these keys only
///
/// A bit's dot product is one chain of multiply-adds, as on AVX2 and AVX-512: the same bits.
Status LshKeyCodes(const KvRows& kv, size_t begin, size_t end, const float* mean,
                   const LshParams& params, const float* panels, const LshKeyTable& table,
                   Stream stream);

/// Codes of queries, [n, lsh_l]; otherwise as LshKeyCodes.
Status LshQueryCodes(const float* queries, size_t n, size_t head_dim, const LshParams& params,
                     const float* panels, uint16_t* codes, Stream stream);

/// What a lookup is asked for.
struct LshQueries {
  LshParams params;
  const uint16_t* codes = nullptr;  ///< [n_kv_heads * group_size, lsh_l]
  size_t n_kv_heads = 0;
  size_t group_size = 0;     ///< 1..kMaxGroup
  uint32_t min_matches = 2;  ///< 1 or 2
};

/// The keys [begin, end) that agree with each query on all bits of at least min_matches tables, by
/// a scan of their codes (LshMatch): each code is read once for a group.
///
/// @param[in]     begin  a multiple of 64
/// @param[in,out] found  the words of these keys are overwritten; keys from `end` on are not in it
Status LshMatch(const LshQueries& queries, const LshKeyTable& table, size_t begin, size_t end,
                const KeySets& found, Stream stream);

/// Keys by bucket: of each run of kLshRunKeys keys (the last may have fewer) and each table, the
/// numbers of the keys of code 0, 1, ...
struct LshRuns {
  uint32_t* starts = nullptr;  ///< [n_kv_heads, n_runs, lsh_l, 2^lsh_k + 1]
  uint16_t* keys = nullptr;    ///< [n_kv_heads, n_runs, lsh_l, stride], in any order in a bucket
  size_t n_runs = 0;
  size_t stride = kLshRunKeys;  ///< keys of a run that there is room for; of several runs, all
};

/// Sorts the keys [0, n) of each head into buckets; n a multiple of 64, at most n_runs runs.
///
/// One launch; each code is read twice.
Status LshSort(const LshParams& params, const LshKeyTable& table, size_t n_kv_heads, size_t n,
               const LshRuns& runs, Stream stream);

/// LshMatch for the keys [0, n) that LshSort sorted: reads one bucket of each table per query. Two
/// bit maps in shared memory hold what was met once and what was met again.
Status LshLookUp(const LshQueries& queries, const LshRuns& runs, size_t n, const KeySets& found,
                 Stream stream);

/// Bytes of starts and buckets that LshLookUp reads for the queries of each KV head: each bucket
/// once, with the two starts around it.
///
/// @param[out] bytes  [n_kv_heads]
Status LshLookUpBytes(const LshQueries& queries, const LshRuns& runs, size_t n, uint32_t* bytes,
                      Stream stream);

/// What LshLogWeights weighs.
struct LshWeighed {
  Queries queries;
  const float* mean = nullptr;   ///< [n_kv_heads, head_dim]
  const float* norms = nullptr;  ///< [n_kv_heads, norm_stride] of the centred keys
  size_t norm_stride = 0;
  size_t n_kv_heads = 0;
  size_t head_dim = 0;
  const float* curve = nullptr;  ///< [kLshCurveParts, 4] of MakeLshCurve, 16-byte aligned
  KeyLists lists;                ///< one a KV head
  KeySets found;                 ///< of each query head; others get -infinity
};

/// -ln p of listed keys that match a query, as the CPU's LshLogWeights in single precision.
///
/// @param[in,out] scores  [n_q_heads, lists.stride] query . key; then the log weights, at least 0
///
/// Within the bound that the CPU's header gives for its vector versions.
Status LshLogWeights(const LshWeighed& weighed, const LshParams& params, uint32_t min_matches,
                     float* scores, Stream stream);

}  // namespace sparsetune::cuda
