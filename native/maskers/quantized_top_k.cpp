#include <algorithm>

#include "kernels/top_k/top_k.h"
#include "maskers/group_scores.h"
#include "maskers/quantized_state.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

void QuantizeQueries(const QueryGroup& group, size_t head_dim, size_t n_heads) {
  Scratch::Buffers& buffers = *group.buffers;
  const size_t channels = QuantChannels(head_dim);
  buffers.query_codes.resize(n_heads * channels);
  buffers.code_sums.resize(n_heads);
  for (size_t g = 0; g < n_heads; ++g) {
    buffers.code_sums[g] =
        QuantizeQuery(group.queries[g], head_dim, buffers.query_codes.data() + g * channels);
  }
}

/// Scores of the keys between sink and local into buffers->quantized_scores, [group_size, stride],
/// the first key's one block behind the begin of a row: whole blocks are scored.
Status ScoreBlocks(const QueryGroup& group, size_t stride, Selection* selection) {
  const size_t begin = selection->sink_end;
  const size_t end = selection->local_begin;
  const size_t n_heads = selection->heads.size();
  Scratch::Buffers& buffers = *group.buffers;
  QuantizeQueries(group, group.input->kv.head_dim, n_heads);
  buffers.quantized_scores.resize(n_heads * stride);
  const QuantizedQueries queries = {buffers.query_codes.data(), buffers.code_sums.data(), n_heads};
  for (const QuantizedState* link : LinksOf<QuantizedState>(*group.index, group.slot)) {
    const size_t from = std::max(begin, link->first);
    const size_t to = std::min(end, link->first + link->n);
    if (from >= to) continue;
    const size_t block = (from - link->first) / kQuantBlockKeys;
    const size_t n_blocks = (to - link->first - 1) / kQuantBlockKeys + 1 - block;
    const size_t first_key = link->first + block * kQuantBlockKeys;
    // What a link writes behind its last key, the next one overwrites.
    const Status status = QuantizedScores(
        queries, {link->block(block), link->head_dim, n_blocks}, group.isa,
        buffers.quantized_scores.data() + kQuantBlockKeys + first_key - begin, stride);
    if (status != Status::kOk) return status;
    selection->index_bytes += n_blocks * link->block_bytes();
  }
  return Status::kOk;
}

/// Places of the n_near highest of n scores into buffers->near, ascending; buffers->is_kept says
/// which are the n_sure highest of them.
Status FindNear(const QueryGroup& group, const float* scores, size_t n, size_t n_near,
                size_t n_sure) {
  Scratch::Buffers& buffers = *group.buffers;
  buffers.near.resize(n_near);
  Status status = TopK(scores, n, n_near, group.isa, &buffers.room, buffers.near.data());
  if (status != Status::kOk) return status;
  buffers.scores.resize(n_near);
  for (size_t i = 0; i < n_near; ++i) buffers.scores[i] = scores[buffers.near[i]];
  buffers.chosen.resize(n_sure);
  status =
      TopK(buffers.scores.data(), n_near, n_sure, group.isa, &buffers.room, buffers.chosen.data());
  buffers.is_kept.assign(n_near, 0);
  for (const uint32_t i : buffers.chosen) buffers.is_kept[i] = 1;
  return status;
}

/// Marks in buffers->is_kept the `n_wanted` best, by their own elements, of the keys of
/// buffers->near that are not marked.
Status RankDoubtful(const QueryGroup& group, size_t g, size_t n_wanted, Selection* selection) {
  Scratch::Buffers& buffers = *group.buffers;
  const size_t n_near = buffers.near.size();
  // Without branches, which would be as good as random.
  buffers.doubtful.resize(n_near);
  buffers.doubtful_at.resize(n_near);
  size_t n = 0;
  for (size_t i = 0; i < n_near; ++i) {
    buffers.doubtful[n] = buffers.near[i];
    buffers.doubtful_at[n] = static_cast<uint32_t>(i);
    n += 1 - buffers.is_kept[i];
  }
  buffers.doubtful.resize(n);
  selection->NoteRead(buffers.doubtful);
  const Status status = ScoreKeys(group, g, buffers.doubtful, *selection);
  if (status != Status::kOk) return status;
  buffers.chosen.resize(n_wanted);
  const Status chosen =
      TopK(buffers.scores.data(), n, n_wanted, group.isa, &buffers.room, buffers.chosen.data());
  for (const uint32_t i : buffers.chosen) buffers.is_kept[buffers.doubtful_at[i]] = 1;
  return chosen;
}

/// Keeps the k best of the n keys from `begin` on that head `g` does not keep yet.
Status KeepBest(const QueryGroup& group, size_t g, size_t n, size_t k, const float* scores,
                Selection* selection) {
  Scratch::Buffers& buffers = *group.buffers;
  HeadKeys& head = selection->heads[g];
  const auto begin = static_cast<uint32_t>(selection->sink_end);
  const bool is_first = head.indices.empty();
  const size_t n_left = is_first ? n : DropKept(head, begin, n, scores, &buffers);
  if (n_left <= k) {
    KeepAll(begin, begin + n, &head);
    return Status::kOk;
  }
  if (!is_first) scores = buffers.left_scores.data();
  const size_t n_sure = k - std::min(k, RankMargin(k));
  const size_t n_near = std::min(n_left, k + RankMargin(k));
  Status status = FindNear(group, scores, n_left, n_near, n_sure);
  if (status != Status::kOk) return status;
  for (uint32_t& key : buffers.near) key = is_first ? key + begin : buffers.candidates[key];
  status = RankDoubtful(group, g, k - n_sure, selection);
  if (status != Status::kOk) return status;
  buffers.chosen.resize(n_near);
  size_t n_kept = 0;
  for (size_t i = 0; i < n_near; ++i) {
    buffers.chosen[n_kept] = buffers.near[i];
    n_kept += buffers.is_kept[i];
  }
  buffers.chosen.resize(n_kept);
  head.Merge({buffers.chosen}, &buffers.merged);
  return Status::kOk;
}

}  // namespace

Status ApplyQuantizedTopK(const QueryGroup& group, size_t k, Selection* selection) {
  const size_t n = selection->local_begin - selection->sink_end;
  const size_t stride = n + 2 * kQuantBlockKeys;
  Status status = ScoreBlocks(group, stride, selection);
  for (size_t g = 0; g < selection->heads.size() && status == Status::kOk; ++g) {
    const float* scores = group.buffers->quantized_scores.data() + g * stride + kQuantBlockKeys;
    status = KeepBest(group, g, n, k, scores, selection);
  }
  return status;
}

}  // namespace sparsetune
