#if defined(SPARSETUNE_HAS_CUDA)

#include "device/position.h"

#include <algorithm>

#include "device/chooser.h"
#include "device/failure.h"

namespace sparsetune::device {
namespace {

/// The union of what the heads keep, into work.all; a head that keeps no key keeps its own last
/// one.
cuda::KeySets Unite(const ChainCall& call, Chooser* chooser) {
  const CallShape& shape = call.shape;
  const PositionSummary& summary = chooser->summary();
  const cuda::KeySets certain = call.work.certain.Of(shape);
  const cuda::KeySets drawn = call.work.drawn.Of(shape);
  const cuda::KeySets all = call.work.all.Of(shape);
  const bool keeps_ranges = summary.sink_end > 0 || summary.local_begin < summary.n_visible;
  if (!keeps_ranges) chooser->BeginCertain();
  const cuda::KeySets& first = chooser->has_certain() ? certain : drawn;
  Check(cuda::CopyOnDevice(all.words, first.words,
                           shape.n_q_heads() * shape.n_words() * sizeof(uint32_t), call.stream));
  if (chooser->has_certain() && chooser->has_drawn()) {
    Check(cuda::JoinSets(drawn, all, call.stream));
  }
  if (!keeps_ranges) {
    Check(cuda::AddWhereEmpty(summary.n_visible - 1, all, certain, call.stream));
  }
  return all;
}

void Count(const ChainCall& call, const Chooser& chooser, const cuda::KeySets& all) {
  const PositionCounts counts = chooser.counts();
  const size_t group_size = call.shape.group_size;
  Check(cuda::CountKeys(all, {}, 1, counts.of_heads, call.stream));
  Check(cuda::CountKeys(all, {}, group_size, counts.united, call.stream));
  if (!chooser.has_near()) return;
  Check(
      cuda::CountKeys(call.work.near.Of(call.shape), all, group_size, counts.ranked, call.stream));
}

/// Log weights of the listed keys for each head, into work.weights.
void Weigh(const ChainCall& call, const Chooser& chooser, const cuda::KeyLists& lists) {
  const CallShape& shape = call.shape;
  const cuda::KeySets certain =
      chooser.has_certain() ? call.work.certain.Of(shape) : cuda::KeySets();
  const cuda::KeySets drawn = chooser.has_drawn() ? call.work.drawn.Of(shape) : cuda::KeySets();
  auto* weights = call.work.weights.as<float>();
  const float* sampled = call.work.log_weight.as<float>();
  if (const MaskerConfig* masker = chooser.magic_pig(); masker != nullptr) {
    const LshState& lsh = *chooser.lsh();
    const cuda::LshKeyTable table = lsh.table();
    const cuda::Queries queries = {chooser.queries(), shape.group_size};
    Check(
        cuda::Scores(queries, call.kv, lists, 0, lists.stride, weights, lists.stride, call.stream));
    const cuda::LshWeighed weighed = {queries,
                                      lsh.mean(),
                                      table.norms,
                                      kLshBlockKeys * table.stride,
                                      shape.n_kv_heads,
                                      shape.head_dim,
                                      lsh.curve(masker->min_matches),
                                      lists,
                                      drawn};
    Check(cuda::LshLogWeights(weighed, lsh.params(), masker->min_matches, weights, call.stream));
    if (!chooser.has_certain()) return;
    sampled = nullptr;  // the keys found have their weights
  }
  Check(cuda::SpreadWeights(lists, certain, drawn, sampled, weights, call.stream));
}

void Attend(const ChainCall& call, const Chooser& chooser, const cuda::KeyLists& lists,
            float* output) {
  const CallShape& shape = call.shape;
  const PositionSummary& summary = chooser.summary();
  const size_t n_range = summary.local_begin - summary.sink_end;
  const size_t n_listed =
      lists.indices == nullptr ? 0 : std::min(n_range, shape.group_size * chooser.most_listed());
  const size_t n_rows = summary.n_visible - n_range + n_listed;
  const size_t n_splits = std::min(
      shape.n_splits, cuda::AttendSplitCount(n_rows, shape.n_kv_heads, call.n_multiprocessors));
  const cuda::AttendPartials partials = {n_splits, call.work.partial_max.as<float>(),
                                         call.work.partial_sum.as<float>(),
                                         call.work.partial_values.as<float>()};
  const cuda::KeyRanges ranges = {summary.sink_end, summary.local_begin, summary.n_visible};
  Check(cuda::Attend({chooser.queries(), shape.group_size}, {call.kv, lists, ranges}, call.scale,
                     partials, call.stream));
  Check(
      cuda::AttendMerge(partials, shape.n_q_heads(), shape.head_dim, output, nullptr, call.stream));
}

}  // namespace

PositionSummary AttendPosition(const ChainCall& call, size_t i) {
  const CallShape& shape = call.shape;
  Chooser chooser(call, i);
  const auto& maskers = call.chain.maskers;
  for (size_t m = 0; m < maskers.size(); ++m) chooser.Apply(maskers[m], call.states[m]);
  PositionSummary summary = chooser.summary();
  cuda::KeyLists lists;
  summary.has_lists = chooser.has_certain() || chooser.has_drawn();
  if (summary.has_lists) {
    const cuda::KeySets all = Unite(call, &chooser);
    lists = call.work.lists.Of(shape, shape.group_size);
    Check(cuda::ListKeys(all, shape.group_size, call.work.set_scratch.as<uint32_t>(),
                         call.work.lists.indices.as<uint32_t>(), lists.stride,
                         call.work.lists.counts.as<uint32_t>(), call.stream));
    Count(call, chooser, all);
    Weigh(call, chooser, lists);
    lists.log_weights = call.work.weights.as<float>();
  }
  Attend(call, chooser, lists, call.rows.output + i * call.rows.output_stride);
  return summary;
}

}  // namespace sparsetune::device

#endif
