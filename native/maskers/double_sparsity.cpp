#include <algorithm>

#include "kernels/scores/scores.h"
#include "maskers/group_scores.h"
#include "maskers/label_state.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// The queries on the channels of their lists, [group_size, n_channels], with their row pointers.
void GatherQueries(const LabelState& state, const QueryGroup& group, size_t n_heads) {
  Scratch::Buffers& buffers = *group.buffers;
  buffers.gathered.resize(n_heads * state.n_channels);
  buffers.gathered_rows.resize(n_heads);
  for (size_t g = 0; g < n_heads; ++g) {
    const auto& channels = state.lists[state.lists.size() == 1 ? 0 : g];
    float* row = buffers.gathered.data() + g * state.n_channels;
    for (size_t i = 0; i < channels.size(); ++i) row[i] = group.queries[g][channels[i]];
    buffers.gathered_rows[g] = row;
  }
}

/// Scores of labels begin..end-1 of one link; `scores` of the first one.
Status ScoreLabels(const LabelState& link, size_t begin, size_t end, const QueryGroup& group,
                   float* scores, size_t stride) {
  const size_t n_lists = link.lists.size();
  const size_t n_heads = group.buffers->gathered_rows.size();
  const size_t heads_of_list = n_heads / n_lists;
  for (size_t i = 0; i < n_lists; ++i) {
    const uint8_t* labels = link.labels[i].data() + (begin - link.first) * link.label_bytes();
    const ScoreRows rows = {labels, link.dtype, link.n_channels, nullptr, end - begin};
    const size_t g = i * heads_of_list;
    const Status status = Scores(group.buffers->gathered_rows.data() + g, heads_of_list, rows,
                                 group.isa, scores + g * stride, stride);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace

Status ApplyDoubleSparsity(const MaskerConfig& masker, const QueryGroup& group,
                           Selection* selection) {
  const size_t begin = selection->sink_end;
  const size_t n = selection->local_begin - begin;
  const size_t k = CountKeys(masker.size, selection->n_visible);
  const size_t n_heads = selection->heads.size();
  if (n == 0) return Status::kOk;
  if (n <= k) {  // every key that is left, with no need to score them
    selection->KeepFirst(selection->local_begin);
    return Status::kOk;
  }
  const auto links = LinksOf<LabelState>(*group.index, group.slot);
  const size_t n_lists = links.front()->lists.size();
  if (n_lists != 1 && n_lists != n_heads) return Status::kInvalidShape;
  GatherQueries(*links.front(), group, n_heads);
  auto& scores = group.buffers->scores;
  scores.resize(n_heads * n);
  for (const LabelState* link : links) {
    const size_t from = std::max(begin, link->first);
    const size_t to = std::min(begin + n, link->first + link->n);
    if (from >= to) continue;
    const Status status = ScoreLabels(*link, from, to, group, scores.data() + (from - begin), n);
    if (status != Status::kOk) return status;
    selection->index_bytes += (to - from) * link->label_bytes() * n_lists;
  }
  for (size_t g = 0; g < n_heads; ++g) {
    const Status status =
        KeepLargest(group, begin, n, k, scores.data() + g * n, &selection->heads[g]);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace sparsetune
