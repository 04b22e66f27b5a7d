#pragma once

#include "cuda/sampling.h"
#include "device/learned_states.h"
#include "device/position.h"

namespace sparsetune::device {

/// Extends what the heads keep at one position, masker after masker: the Selection of the CPU's
/// maskers, with `certain` and `drawn` of the workspace for its lists.
class Chooser {
 public:
  Chooser(const ChainCall& call, size_t i);

  void Apply(const MaskerConfig& masker, const KeyState* state);

  const PositionSummary& summary() const { return summary_; }
  const float* queries() const { return queries_; }
  PositionCounts counts() const { return counts_; }
  bool has_certain() const { return has_certain_; }
  bool has_drawn() const { return has_drawn_; }
  bool has_near() const { return has_near_; }
  /// magic_pig, where its weights are still to be computed.
  const MaskerConfig* magic_pig() const { return magic_pig_; }
  const LshState* lsh() const { return lsh_; }
  /// Keys that a head lists at most.
  size_t most_listed() const;
  /// Begins the sets of keys kept for certain, where they are not begun.
  void BeginCertain();

 private:
  void KeepFirst(size_t end);
  void KeepLast(size_t begin);
  void DropOutside();
  void TopK(const MaskerConfig& masker, const KeyState* state);
  void TopKOfCodes(size_t k, const QuantizedState& state);
  void TopP(const MaskerConfig& masker);
  void Quest(const MaskerConfig& masker, const PageState& state);
  void DoubleSparsity(const MaskerConfig& masker, const LabelState& state);
  void HashTopK(const MaskerConfig& masker, const HashState& state);
  void RandomSampling(const MaskerConfig& masker);
  void AdaptiveSampling(const MaskerConfig& masker);
  void ScoreBase(const cuda::KeySets& base, size_t n_base);
  void FindMatches(const cuda::LshQueries& queries, const LshState& state);
  void MagicPig(const MaskerConfig& masker, const LshState& state);
  /// Picks the k best of each head's `n` scores, as places.
  void Pick(const float* scores, size_t n, size_t k);
  /// The scores of all keys between sink and local, into work.scores; notes that they were read.
  void ScoreRange();
  /// Keeps the k keys with the largest of work.scores, which begin at sink_end.
  void KeepLargest(size_t k);
  /// Picked places as keys from `offset` on.
  void AddPicked(size_t k, size_t offset, const cuda::KeySets& sets);
  cuda::KeyLists ListOf(const cuda::KeySets& sets);
  cuda::Draws DrawsOf(DrawDomain domain) const;

  size_t range() const { return summary_.local_begin - summary_.sink_end; }
  cuda::Queries group() const { return {queries_, call_.shape.group_size}; }
  size_t score_stride() const { return call_.shape.list_stride() + kScorePad; }

  const ChainCall& call_;
  Workspace& work_;
  const CallShape& shape_;
  PositionSummary summary_;
  const float* queries_;
  PositionCounts counts_;
  cuda::KeySets certain_;
  cuda::KeySets drawn_;
  bool has_certain_ = false;
  bool has_drawn_ = false;
  bool has_near_ = false;
  size_t most_certain_ = 0;  ///< keys of a head at most; but of quest and top_p, exactly
  const MaskerConfig* magic_pig_ = nullptr;
  const LshState* lsh_ = nullptr;
};

}  // namespace sparsetune::device
