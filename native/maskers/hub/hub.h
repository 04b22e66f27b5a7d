#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/kv_view.h"
#include "core/status.h"
#include "maskers/config.h"

namespace sparsetune {

/// What magic_pig of the hub keeps between calls on one cache: the mean of the first call, and the
/// codes of keys, each under the largest norm of the call that hashed it.
struct HubCache {
  std::vector<float> mean;         ///< [n_kv_heads, head_dim]; empty before the first call
  std::vector<uint64_t> codes;     ///< [n, n_kv_heads, lsh_l]
  std::vector<uint64_t> non_zero;  ///< as codes: bits whose projection is not exactly 0
  size_t n = 0;                    ///< keys hashed
  std::vector<float> projection;   ///< the codes are of; another one makes them anew
};

/// Values that replace what the hub would draw or compute itself; null or 0 where not given.
struct HubGiven {
  const float* attention_mask = nullptr;  ///< additive, [mask_heads, n_q, n_kv]
  size_t mask_heads = 0;                  ///< 1 or n_q_heads
  const float* projection = nullptr;      ///< [head_dim + 1, lsh_l * lsh_k]
  float max_norm = 0;                     ///< largest norm of a centred key
  const uint32_t* sampled = nullptr;      ///< random_sampling: [n_rows, n] draws
  size_t n_sampled = 0;                   ///< draws of all rows
  const uint32_t* base = nullptr;         ///< adaptive_sampling: [n_rows, n] draws of the base
  size_t n_base = 0;                      ///< draws of all rows
  const uint32_t* adaptive = nullptr;     ///< adaptive_sampling: as many per row as its budget
  size_t n_adaptive = 0;                  ///< draws of all rows
};

/// One call of sparse-attention-hub: all heads, no causality of its own.
struct HubInput {
  std::vector<std::vector<float>> keys;    ///< per KV head [n_kv, head_dim]
  std::vector<std::vector<float>> values;  ///< as keys
  size_t head_dim = 0;
  size_t n_kv = 0;
  const float* queries = nullptr;  ///< [n_q_heads, n_q, head_dim]
  size_t n_q_heads = 0;
  size_t n_q = 0;
  float scale = 0;
  uint32_t layer = 0;
  HubGiven given;

  size_t n_rows() const { return n_q_heads * n_q; }
  const float* query(size_t row) const { return queries + row * head_dim; }
  size_t kv_head(size_t row) const { return row / n_q / (n_q_heads / keys.size()); }
  const float* key(size_t row, size_t j) const { return &keys[kv_head(row)][j * head_dim]; }
  /// What is added to the score of a cell, 0 without an attention mask.
  float added(size_t row, size_t j) const;
};

/// The hub's mask: a value per cell (0: not attended, else the inclusion probability), or full, or
/// the empty one that a chain begins with. Full and empty both stand for dense attention.
struct HubMask {
  bool is_full = false;
  bool is_empty = false;
  std::vector<float> values;  ///< [n_rows, n_kv]
};

/// Runs the chain and the masked attention by the rules of sparse-attention-hub (main branch), with
/// its quirks: ratios truncate, weights are 1/(p + 1e-6), local erases what lies after its row, a
/// row that attends nothing is NaN. Written for clarity; it computes every score.
///
/// @param[in]     chain   no maskers: full
/// @param[in,out] cache   of earlier calls with the same chain, layer and keys
/// @param[out]    mask    see HubMask
/// @param[out]    output  [n_q_heads, n_q, head_dim]
/// @return kInvalidArgument for a parameter out of range, kInvalidShape where given values, weights
///         or channels do not fit the call
Status HubForward(const ChainConfig& chain, const HubInput& input, HubCache* cache, HubMask* mask,
                  float* output);

// One masker each, on a mask that is not full. Those that return a Status may find that what they
// were given does not fit.
void HubSink(const MaskerConfig& masker, const HubInput& input, HubMask* mask);
void HubLocal(const MaskerConfig& masker, const HubInput& input, HubMask* mask);
void HubTopK(const MaskerConfig& masker, const HubInput& input, HubMask* mask);
void HubMagicPig(const MaskerConfig& masker, const HubInput& input, uint64_t seed, HubCache* cache,
                 HubMask* mask);

void HubTopP(const MaskerConfig& masker, const HubInput& input, HubMask* mask);
void HubQuest(const MaskerConfig& masker, const HubInput& input, HubMask* mask);
Status HubDoubleSparsity(const MaskerConfig& masker, const HubInput& input, HubMask* mask);
Status HubHashTopK(const MaskerConfig& masker, const HubInput& input, HubMask* mask);
Status HubRandomSampling(const MaskerConfig& masker, const HubInput& input, uint64_t seed,
                         HubMask* mask);
Status HubAdaptiveSampling(const MaskerConfig& masker, const HubInput& input, uint64_t seed,
                           HubMask* mask);

/// Float dot product, summed in double.
float HubDot(const float* a, const float* b, size_t n);

/// The k largest of `scores`, of equal ones the first; all of them where there are fewer.
std::vector<size_t> HubLargest(const std::vector<float>& scores, size_t k);

/// Replaces a vector by what is left of it after rounding to 2^bits levels between its ends.
void HubQuantise(uint32_t bits, std::vector<float>* vector);

/// A count as it is, a ratio of n_kv truncated.
size_t HubCount(const KeyCount& count, size_t n_kv);

}  // namespace sparsetune
