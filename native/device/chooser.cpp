#if defined(SPARSETUNE_HAS_CUDA)

#include "device/chooser.h"

#include <algorithm>

#include "cuda/top_k.h"
#include "device/failure.h"
#include "kernels/quantized_scores/quantized_scores.h"
#include "kernels/sampling/quantile.h"
#include "maskers/selection.h"

namespace sparsetune::device {

Chooser::Chooser(const ChainCall& call, size_t i)
    : call_(call),
      work_(call.work),
      shape_(call.shape),
      queries_(call.rows.queries + i * call.rows.query_stride),
      counts_(PositionCounts::Of(work_.counts.as<uint32_t>() + i * shape_.n_counts(), shape_)),
      certain_(work_.certain.Of(shape_)),
      drawn_(work_.drawn.Of(shape_)) {
  summary_.n_visible = shape_.n_kv - shape_.n_q + i + 1;
  // No maskers: the last n_visible keys are kept.
  summary_.local_begin = call.chain.maskers.empty() ? 0 : summary_.n_visible;
}

void Chooser::Apply(const MaskerConfig& masker, const KeyState* state) {
  const size_t n_visible = summary_.n_visible;
  switch (masker.kind) {
    case MaskerKind::kSink:
      return KeepFirst(CountKeys(masker.size, n_visible));
    case MaskerKind::kLocal:
      return KeepLast(n_visible - CountKeys(masker.size, n_visible));
    case MaskerKind::kTopK:
      return TopK(masker, state);
    case MaskerKind::kTopP:
      return TopP(masker);
    case MaskerKind::kQuest:
      return Quest(masker, *static_cast<const PageState*>(state));
    case MaskerKind::kDoubleSparsity:
      return DoubleSparsity(masker, *static_cast<const LabelState*>(state));
    case MaskerKind::kHashTopK:
      return HashTopK(masker, *static_cast<const HashState*>(state));
    case MaskerKind::kRandomSampling:
      return RandomSampling(masker);
    case MaskerKind::kAdaptiveSampling:
      return AdaptiveSampling(masker);
    case MaskerKind::kMagicPig:
      return MagicPig(masker, *static_cast<const LshState*>(state));
  }
}

size_t Chooser::most_listed() const {
  return has_drawn_ ? range() : std::min(range(), std::max<size_t>(1, most_certain_));
}

void Chooser::BeginCertain() {
  if (has_certain_) return;
  Check(cuda::Clear(certain_.words, shape_.n_q_heads() * shape_.n_words() * sizeof(uint32_t),
                    call_.stream));
  has_certain_ = true;
}

void Chooser::KeepFirst(size_t end) {
  summary_.sink_end = std::min(std::max(summary_.sink_end, end), summary_.n_visible);
  summary_.local_begin = std::max(summary_.local_begin, summary_.sink_end);
  DropOutside();
}

void Chooser::KeepLast(size_t begin) {
  summary_.local_begin = std::max(std::min(summary_.local_begin, begin), summary_.sink_end);
  DropOutside();
}

void Chooser::DropOutside() {
  const auto drop = [&](const cuda::KeySets& sets) {
    Check(cuda::KeepBetween(sets, summary_.sink_end, summary_.local_begin, {}, call_.stream));
  };
  if (has_certain_) drop(certain_);
  if (has_drawn_) drop(drawn_);
}

void Chooser::Pick(const float* scores, size_t n, size_t k) {
  Check(cuda::TopK({scores, shape_.n_q_heads(), n, score_stride()}, k, work_.picked.as<uint32_t>(),
                   work_.has_nan.as<uint32_t>(), call_.stream));
}

void Chooser::AddPicked(size_t k, size_t offset, const cuda::KeySets& sets) {
  const cuda::KeyLists picked = {work_.picked.as<uint32_t>(), nullptr, shape_.n_q_heads(), k,
                                 nullptr};
  Check(cuda::AddKeys(picked, k, offset, sets, call_.stream));
}

cuda::KeyLists Chooser::ListOf(const cuda::KeySets& sets) {
  const cuda::KeyLists lists = work_.lists.Of(shape_, 1);
  Check(cuda::ListKeys(sets, 1, work_.set_scratch.as<uint32_t>(),
                       work_.lists.indices.as<uint32_t>(), lists.stride,
                       work_.lists.counts.as<uint32_t>(), call_.stream));
  return lists;
}

void Chooser::ScoreRange() {
  Check(cuda::Scores(group(), call_.kv, {}, summary_.sink_end, range(), work_.scores.as<float>(),
                     score_stride(), call_.stream));
  summary_.scored_begin = summary_.sink_end;
  summary_.scored_end = summary_.local_begin;
}

void Chooser::KeepLargest(size_t k) {
  Pick(work_.scores.as<float>(), range(), k);
  AddPicked(k, summary_.sink_end, certain_);
  most_certain_ = k;
}

void Chooser::TopK(const MaskerConfig& masker, const KeyState* state) {
  const size_t k = CountKeys(masker.size, summary_.n_visible);
  if (range() <= k) return KeepFirst(summary_.local_begin);  // with no need to score them
  BeginCertain();
  if (masker.score_dtype == ScoreDtype::kInt8) {
    return TopKOfCodes(k, *static_cast<const QuantizedState*>(state));
  }
  ScoreRange();
  KeepLargest(k);
}

void Chooser::TopP(const MaskerConfig& masker) {
  if (range() == 0) return;
  if (masker.top_p >= 1) return KeepFirst(summary_.local_begin);  // with no need to score them
  BeginCertain();
  ScoreRange();
  const cuda::KeyLists picked = {work_.picked.as<uint32_t>(), work_.lists.counts.as<uint32_t>(),
                                 shape_.n_q_heads(), range(), nullptr};
  Check(cuda::TopP({work_.scores.as<float>(), shape_.n_q_heads(), range(), score_stride()},
                   call_.scale, masker.top_p, work_.picked.as<uint32_t>(),
                   work_.lists.counts.as<uint32_t>(), work_.has_nan.as<uint32_t>(), call_.stream));
  Check(cuda::AddKeys(picked, range(), summary_.sink_end, certain_, call_.stream));
  most_certain_ = range();
}

/// ApplyQuantizedTopK: int8 scores decide but near the cut, where the keys' own elements do.
void Chooser::TopKOfCodes(size_t k, const QuantizedState& state) {
  const KeyBlocks& blocks = state.blocks();
  const size_t begin = summary_.sink_end;
  const size_t block = begin / kQuantBlockKeys;
  const size_t n_blocks = (summary_.local_begin - 1) / kQuantBlockKeys + 1 - block;
  const size_t skipped = begin % kQuantBlockKeys;
  float* scores = work_.scores.as<float>() + (4 - skipped % 4) % 4;  // aligned from `begin` on
  auto* codes = work_.codes.as<int8_t>();
  const cuda::QuantizedKeys keys = {blocks.data() + block * blocks.block_bytes(), blocks.stride(),
                                    shape_.head_dim, shape_.n_kv_heads};
  Check(cuda::QuantizeQueries(queries_, shape_.n_q_heads(), shape_.head_dim, codes, call_.stream));
  Check(cuda::QuantizedScores(codes, shape_.group_size, keys, n_blocks, scores, score_stride(),
                              call_.stream));
  const size_t n_sure = k - std::min(k, RankMargin(k));
  const size_t n_near = std::min(range(), k + RankMargin(k));
  const cuda::KeySets near = work_.near.Of(shape_);
  Check(cuda::Clear(near.words, shape_.n_q_heads() * near.stride * sizeof(uint32_t), call_.stream));
  Pick(scores + skipped, range(), n_near);
  AddPicked(n_near, begin, near);
  if (n_sure > 0) {
    Pick(scores + skipped, range(), n_sure);
    AddPicked(n_sure, begin, certain_);
  }
  Check(cuda::KeepBetween(near, begin, summary_.local_begin, certain_, call_.stream));
  const cuda::KeyLists doubtful = ListOf(near);
  auto* own_scores = work_.kept_scores.as<float>();
  Check(cuda::Scores(group(), call_.kv, doubtful, 0, n_near - n_sure, own_scores, score_stride(),
                     call_.stream));
  Pick(own_scores, n_near - n_sure, k - n_sure);
  Check(cuda::AddPlaces(doubtful, work_.picked.as<uint32_t>(), k - n_sure, certain_, call_.stream));
  summary_.index_bytes += n_blocks * blocks.block_bytes();
  has_near_ = true;
  most_certain_ = k;
}

void Chooser::Quest(const MaskerConfig& masker, const PageState& state) {
  const size_t page_size = masker.page_size;
  // The bounds of the query's own page may know later keys; it is kept without asking them.
  KeepLast((summary_.n_visible - 1) / page_size * page_size);
  if (range() == 0) return;
  const size_t first = summary_.sink_end / page_size;
  const size_t n = (summary_.local_begin - 1) / page_size + 1 - first;
  const size_t n_wanted = CountKeys(masker.size, summary_.n_visible) / page_size;
  const size_t k = std::max<size_t>(1, n_wanted);
  if (n <= k) return KeepFirst(summary_.local_begin);
  BeginCertain();
  auto* scores = work_.scores.as<float>();
  Check(cuda::PageScores(group(), call_.kv, state.bounds(), first, n, scores, score_stride(),
                         call_.stream));
  Pick(scores, n, k);
  const cuda::KeyLists picked = {work_.picked.as<uint32_t>(), nullptr, shape_.n_q_heads(), k,
                                 nullptr};
  const cuda::KeyPages pages = {first, page_size, summary_.sink_end, summary_.local_begin};
  Check(cuda::AddPages(picked, k, pages, certain_, call_.stream));
  summary_.index_bytes += n * state.page_bytes();
  most_certain_ = k * page_size;
}

void Chooser::DoubleSparsity(const MaskerConfig& masker, const LabelState& state) {
  const size_t k = CountKeys(masker.size, summary_.n_visible);
  if (range() <= k) return KeepFirst(summary_.local_begin);  // with no need to score them
  BeginCertain();
  Check(cuda::LabelScores(group(), call_.kv, state.table(), summary_.sink_end, range(),
                          work_.scores.as<float>(), score_stride(), call_.stream));
  KeepLargest(k);
  summary_.index_bytes += range() * state.key_bytes();
}

void Chooser::HashTopK(const MaskerConfig& masker, const HashState& state) {
  const size_t k = CountKeys(masker.size, summary_.n_visible);
  if (range() <= k) return KeepFirst(summary_.local_begin);  // with no need to score them
  BeginCertain();
  const cuda::SignatureTable table = state.table();
  auto* signatures = work_.codes.as<uint64_t>();
  Check(cuda::HashQueries(group(), shape_.n_kv_heads, table.n_networks, state.queries(),
                          table.n_words, signatures, call_.stream));
  Check(cuda::SignatureScores({signatures, shape_.n_kv_heads, shape_.group_size}, table,
                              summary_.sink_end, range(), work_.scores.as<float>(), score_stride(),
                              call_.stream));
  KeepLargest(k);
  summary_.index_bytes += range() * state.key_bytes();
}

cuda::Draws Chooser::DrawsOf(DrawDomain domain) const {
  return {call_.chain.seed, domain, call_.layer, 0, static_cast<uint32_t>(summary_.n_visible - 1)};
}

void Chooser::RandomSampling(const MaskerConfig& masker) {
  if (range() == 0) return;
  BeginCertain();
  Check(cuda::DrawKeys(DrawsOf(DrawDomain::kRandomSample), {nullptr, masker.sampling_rate, 0},
                       {certain_, {}, summary_.sink_end, summary_.local_begin}, drawn_,
                       work_.draw_scratch.as<uint32_t>(), work_.log_weight.as<float>(),
                       call_.stream));
  has_drawn_ = true;
}

/// Scores of the keys of the first sample, of those that every head keeps (into work.weights) and
/// of those that one keeps; the counts of the last are in work.lists.
void Chooser::ScoreBase(const cuda::KeySets& base, size_t n_base) {
  const size_t stride = shape_.list_stride();
  const size_t n_last = summary_.n_visible - summary_.local_begin;
  auto* run_scores = work_.weights.as<float>();
  Check(
      cuda::Scores(group(), call_.kv, {}, 0, summary_.sink_end, run_scores, stride, call_.stream));
  Check(cuda::Scores(group(), call_.kv, {}, summary_.local_begin, n_last,
                     run_scores + summary_.sink_end, stride, call_.stream));
  Check(cuda::Scores(group(), call_.kv, ListOf(base), 0, std::min(range(), n_base),
                     work_.scores.as<float>(), score_stride(), call_.stream));
  Check(cuda::Scores(group(), call_.kv, ListOf(certain_), 0, std::min(range(), most_certain_),
                     work_.kept_scores.as<float>(), score_stride(), call_.stream));
}

void Chooser::AdaptiveSampling(const MaskerConfig& masker) {
  if (range() == 0) return;
  BeginCertain();
  // Only a fraction depends on what is left, and then that is the same for all heads: WhyNotChain.
  const size_t n_left = range() - std::min(range(), most_certain_);
  const size_t wanted =
      masker.size.is_fraction ? CountKeys(masker.size, n_left) : CountKeys(masker.size, range());
  const auto n_base = static_cast<uint32_t>(std::max(kMinBase, wanted));
  const cuda::KeySets base = work_.spare.Of(shape_);
  auto* scratch = work_.draw_scratch.as<uint32_t>();
  Check(cuda::DrawKeys(DrawsOf(DrawDomain::kBaseSample), {nullptr, 0, n_base},
                       {certain_, {}, summary_.sink_end, summary_.local_begin}, base, scratch,
                       nullptr, call_.stream));
  ScoreBase(base, n_base);
  cuda::AdaptiveInput input;
  input.epsilon = masker.epsilon;
  input.quantile = StudentQuantile(1 - masker.delta / 2, n_base - 1);
  input.scale = call_.scale;
  input.run_scores = work_.weights.as<float>();
  input.n_run = summary_.n_visible - range();
  input.run_stride = shape_.list_stride();
  input.kept_scores = work_.kept_scores.as<float>();
  input.kept_counts = work_.lists.counts.as<uint32_t>();
  input.kept_stride = score_stride();
  input.base_scores = work_.scores.as<float>();
  input.n_base = n_base;
  input.base_stride = score_stride();
  input.n_range = static_cast<uint32_t>(range());
  auto* budgets = work_.budgets.as<uint32_t>();
  Check(cuda::AdaptiveBudgets(input, shape_.n_q_heads(), budgets, call_.stream));
  Check(cuda::DrawKeys(DrawsOf(DrawDomain::kAdaptiveSample), {budgets, 0, 0},
                       {certain_, base, summary_.sink_end, summary_.local_begin}, drawn_, scratch,
                       work_.log_weight.as<float>(), call_.stream));
  Check(cuda::JoinSets(base, certain_, call_.stream));
  has_drawn_ = true;
}

/// Looks up the keys that are sorted into buckets, and scans the codes of the others.
void Chooser::FindMatches(const cuda::LshQueries& queries, const LshState& state) {
  const size_t n_sorted = state.n_sorted();
  if (summary_.sink_end < n_sorted) {
    Check(cuda::LshLookUp(queries, state.runs(), n_sorted, drawn_, call_.stream));
    Check(cuda::LshLookUpBytes(queries, state.runs(), n_sorted, counts_.looked_up, call_.stream));
  }
  const size_t begin = std::max(n_sorted, summary_.sink_end / kLshBlockKeys * kLshBlockKeys);
  if (begin >= summary_.local_begin) return;
  Check(cuda::LshMatch(queries, state.table(), begin, summary_.local_begin, drawn_, call_.stream));
  const size_t n_blocks = (summary_.local_begin - begin + kLshBlockKeys - 1) / kLshBlockKeys;
  summary_.index_bytes += n_blocks * LshBlockBytes(queries.params);
}

void Chooser::MagicPig(const MaskerConfig& masker, const LshState& state) {
  if (range() == 0) return;
  auto* codes = work_.codes.as<uint16_t>();
  const LshParams& params = state.params();
  Check(cuda::LshQueryCodes(queries_, shape_.n_q_heads(), shape_.head_dim, params, state.panels(),
                            codes, call_.stream));
  Check(cuda::Clear(drawn_.words, shape_.n_q_heads() * drawn_.stride * sizeof(uint32_t),
                    call_.stream));
  FindMatches({params, codes, shape_.n_kv_heads, shape_.group_size, masker.min_matches}, state);
  Check(cuda::KeepBetween(drawn_, summary_.sink_end, summary_.local_begin,
                          has_certain_ ? certain_ : cuda::KeySets(), call_.stream));
  Check(cuda::CountKeys(drawn_, {}, shape_.group_size, counts_.found, call_.stream));
  if (state.is_centred()) summary_.index_bytes += shape_.head_dim * sizeof(float);
  magic_pig_ = &masker;
  lsh_ = &state;
  has_drawn_ = true;
}

}  // namespace sparsetune::device

#endif
