#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/status.h"
#include "kernels/top_k/top_k.h"
#include "kernels/top_p/top_p.h"
#include "maskers/chain.h"

namespace sparsetune {

/// Keys to keep.
struct AddedKeys {
  const std::vector<uint32_t>& keys;   ///< [n] ascending
  const float* log_weights = nullptr;  ///< [n] -ln(inclusion probability); null: kept for certain
  const float* scores = nullptr;       ///< [n] q.k; null: not known
};

/// Keys one query head keeps besides the runs every head keeps; ascending.
struct HeadKeys {
  std::vector<uint32_t> indices;
  std::vector<float> log_weights;  ///< -ln(inclusion probability)
  std::vector<float> scores;       ///< q.k of each; empty where one of them is not known

  bool has_scores() const { return scores.size() == indices.size(); }
  void Clear();
  /// Adds keys, none of them kept yet. `spare` is overwritten.
  void Merge(const AddedKeys& added, HeadKeys* spare);
};

/// Keys that an LSH lookup found for one head, ascending, and the norms of the centred keys.
struct Matches {
  std::vector<uint32_t> keys;
  std::vector<float> norms;

  void Clear();
};

/// The keys that one query of a group keeps, while a chain of maskers extends them. Keys in
/// [0, sink_end) and [local_begin, n_visible) are kept by every head for certain; `heads` hold only
/// keys between the two.
struct Selection {
  size_t n_visible = 0;  ///< keys that causality allows
  size_t sink_end = 0;
  size_t local_begin = 0;
  std::vector<HeadKeys> heads;
  /// Key rows [scored_begin, scored_end) were read to choose: their scores are
  /// buffers->range_scores.
  size_t scored_begin = 0;
  size_t scored_end = 0;
  std::vector<uint64_t> read_bits;  ///< bit i: key row i, too, was read to choose; may be empty
  uint64_t index_bytes = 0;         ///< bytes of the KeyIndex that were read to choose

  bool is_scored() const { return scored_begin < scored_end; }
  /// Starts anew for `n_heads` heads that see `n_visible` keys.
  void Reset(size_t n_heads, size_t n_visible);
  /// Keeps [0, end) or [begin, n_visible) for every head.
  void KeepFirst(size_t end);
  void KeepLast(size_t begin);
  /// Notes that the rows of these keys were read to choose.
  void NoteRead(const std::vector<uint32_t>& keys);
  /// A head that keeps no key keeps its own last one.
  void KeepOwnWhereEmpty();

 private:
  void DropOutside();
};

/// `count` of `n_visible` keys: a fraction is at least one key; never more than there are.
size_t CountKeys(const KeyCount& count, size_t n_visible);

/// top_k by int8 scores: ranks above and below the k-th that are ranked anew; docs/maskers.md has
/// the recall it gives.
inline constexpr size_t RankMargin(size_t k) { return k / 8 + 16; }

/// adaptive_sampling: keys of the first sample at least, for a standard deviation that means
/// something.
inline constexpr size_t kMinBase = 16;

/// What a masker needs to know of the query group at one position.
struct QueryGroup {
  const GroupInput* input = nullptr;
  const float* const* queries = nullptr;  ///< [group_size]
  const KeyIndex* index = nullptr;
  size_t slot = 0;    ///< of the masker in the index
  uint64_t seed = 0;  ///< of the chain
  Isa isa = Isa::kScalar;
  Scratch::Buffers* buffers = nullptr;
};

// One masker each: extends the selection. Parameters are checked by CheckChain.
Status ApplySink(const MaskerConfig& masker, Selection* selection);
Status ApplyLocal(const MaskerConfig& masker, Selection* selection);
Status ApplyTopK(const MaskerConfig& masker, const QueryGroup& group, Selection* selection);
/// ApplyTopK by int8 scores, where some of the keys between sink and local are left out.
Status ApplyQuantizedTopK(const QueryGroup& group, size_t k, Selection* selection);
Status ApplyTopP(const MaskerConfig& masker, const QueryGroup& group, Selection* selection);
Status ApplyQuest(const MaskerConfig& masker, const QueryGroup& group, Selection* selection);
Status ApplyDoubleSparsity(const MaskerConfig& masker, const QueryGroup& group,
                           Selection* selection);
Status ApplyHashTopK(const MaskerConfig& masker, const QueryGroup& group, Selection* selection);
Status ApplyRandomSampling(const MaskerConfig& masker, const QueryGroup& group,
                           Selection* selection);
Status ApplyAdaptiveSampling(const MaskerConfig& masker, const QueryGroup& group,
                             Selection* selection);
Status ApplyMagicPig(const MaskerConfig& masker, const QueryGroup& group, Selection* selection);

/// Working memory behind Scratch.
struct Scratch::Buffers {
  Selection selection;
  HeadKeys merged;
  std::vector<const float*> queries;  ///< [n_q, group_size]
  std::vector<float*> outputs;        ///< [n_q, group_size]
  std::vector<float> max;             ///< AttendState
  std::vector<float> sum;
  std::vector<float> values;
  std::vector<float> scores;
  std::vector<float> range_scores;  ///< [group_size, scored_end - scored_begin] of the selection
  std::vector<float> left_scores;   ///< of keys that a head does not keep yet
  std::vector<float> weights;       ///< log weights of keys to add
  TopKRoom room;
  std::vector<uint32_t> chosen;
  std::vector<uint32_t> candidates;
  std::vector<int8_t> query_codes;      ///< [group_size, channels]
  std::vector<int32_t> code_sums;       ///< [group_size]
  std::vector<float> quantized_scores;  ///< [group_size, keys and a block before and behind]
  std::vector<uint32_t> near;           ///< keys that int8 scores place above or near the cut ...
  std::vector<uint8_t> is_kept;         ///< ... 1 where they are above it ...
  std::vector<uint32_t> doubtful;       ///< ... the others, and their places
  std::vector<uint32_t> doubtful_at;
  std::vector<uint32_t> rows;  ///< indices relative to a KvPiece
  std::vector<uint64_t> bits;
  std::vector<uint64_t> scanned;  ///< [group_size, blocks] of keys that are in no run of buckets
  std::vector<uint16_t> codes;
  std::vector<uint8_t> counts;  ///< tables in which a key of a run matches
  std::vector<Matches> matches;
  std::vector<ScoredKey> scored;            ///< top_p
  std::vector<float> gathered;              ///< queries on a few channels, or split by sign
  std::vector<const float*> gathered_rows;  ///< [group_size]
  std::vector<uint64_t> signatures;         ///< [group_size, words]
  std::vector<float> run_scores;            ///< [group_size, kept by every head]
  std::vector<uint32_t> base_keys;          ///< the first sample of adaptive_sampling
  double student_level = 0;                 ///< arguments of the quantile that is remembered ...
  double student_dof = 0;
  double student_quantile = 0;       ///< ... and its value
  std::vector<uint32_t> kept;        ///< keys that some head keeps
  std::vector<uint32_t> word_ranks;  ///< [words of bits] how many of them lie before a word
  std::vector<size_t> n_attended;    ///< [group_size] keys of a head's list, so far
  std::vector<float> log_weights;    ///< [group_size, kept], with the scores where they are known
};

}  // namespace sparsetune
