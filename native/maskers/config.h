#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "maskers/learned.h"

namespace sparsetune {

/// The ways to choose keys; names as in the JSON of a config.
enum class MaskerKind : uint8_t {
  kSink,
  kLocal,
  kTopK,
  kTopP,
  kQuest,
  kDoubleSparsity,
  kHashTopK,
  kRandomSampling,
  kAdaptiveSampling,
  kMagicPig,
};

/// A number of keys: a count, or a fraction (0..1) of the keys of a row.
struct KeyCount {
  bool is_fraction = false;
  double value = 0;
};

/// How the hub compares codes: as packed integers, where a projection of exactly 0 is a clear bit,
/// or as products of signs, where it matches nothing.
enum class LshPacking : uint8_t { kInt64, kFloat32 };

/// What top_k ranks the keys by: their own elements, or a copy with 8 bits an element, of which the
/// keys around the cut are ranked anew by their own.
enum class ScoreDtype : uint8_t { kKv, kInt8 };

/// One masker and its parameters; a field is read only by the kinds it belongs to.
struct MaskerConfig {
  MaskerKind kind = MaskerKind::kSink;
  KeyCount size;  ///< sink, local (window), top_k, quest, double_sparsity, hash_top_k (heavy),
                  ///< adaptive_sampling (base)
  ScoreDtype score_dtype = ScoreDtype::kKv;  ///< top_k, exact semantics only
  uint32_t lsh_l = 0;                        ///< magic_pig: hash tables
  uint32_t lsh_k = 0;                        ///< magic_pig: bits per table
  uint32_t min_matches = 2;  ///< magic_pig: tables that must agree, 1 or 2 (exact semantics)
  bool center = true;        ///< magic_pig: subtract the mean key (exact: "keys"; hub: "both")
  LshPacking packing = LshPacking::kInt64;  ///< magic_pig, hub semantics only
  double top_p = 0;                         ///< top_p: share of the softmax mass, 0..1
  uint32_t page_size = 0;                   ///< quest: keys per page
  uint32_t label_bits = 16;   ///< quest, double_sparsity, hub semantics only; 16: as they are
  uint32_t group_factor = 0;  ///< double_sparsity: head_dim / group_factor channels are scored
  double sampling_rate = 0;   ///< random_sampling: share of the keys not kept yet
  double epsilon = 0;         ///< adaptive_sampling: relative error of the denominator ...
  double delta = 0;           ///< ... that is exceeded with at most this probability
  KeyCount init_offset;       ///< adaptive_sampling, hub semantics only: first keys left out
  KeyCount local_offset;      ///< adaptive_sampling, hub semantics only: last keys left out
  std::shared_ptr<const HashWeights> hash;       ///< hash_top_k
  std::shared_ptr<const ChannelLists> channels;  ///< double_sparsity
};

/// `exact` is this project's rule, `hub` the one of sparse-attention-hub with its quirks.
enum class Semantics : uint8_t { kExact, kHub };

/// How the query heads of a group attend their lists: `group`, one union list with each head's own
/// weights, so that every row is read once; `head`, each its own list; `auto`, by what is cheaper
/// for the lists at hand. All three give the same result up to float rounding.
enum class Share : uint8_t { kAuto, kGroup, kHead };

/// A chain of maskers, applied in order to an empty mask; no maskers is dense attention.
struct ChainConfig {
  std::vector<MaskerConfig> maskers;
  Semantics semantics = Semantics::kExact;
  Share share = Share::kAuto;  ///< exact semantics only
  uint64_t seed = 0;           ///< of all random draws and projections
};

}  // namespace sparsetune
