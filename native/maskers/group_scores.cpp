#include "maskers/group_scores.h"

#include <algorithm>
#include <numeric>

#include "kernels/scores/scores.h"
#include "kernels/top_k/top_k.h"
#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

/// Scores the rows of ascending keys, into buffers->scores.
Status ScoreListed(const QueryGroup& group, size_t g, const std::vector<uint32_t>& keys) {
  const KvView& kv = group.input->kv;
  Scratch::Buffers& buffers = *group.buffers;
  const auto split = std::lower_bound(keys.begin(), keys.end(), kv.base.n_kv);
  const auto n_base = static_cast<size_t>(split - keys.begin());
  const ScoreRows base = {kv.base.keys, kv.dtype, kv.head_dim, keys.data(), n_base};
  Status status = Scores(group.queries + g, 1, base, group.isa, buffers.scores.data(), keys.size());
  if (status != Status::kOk) return status;
  buffers.rows.assign(split, keys.end());
  for (uint32_t& row : buffers.rows) row -= static_cast<uint32_t>(kv.base.n_kv);
  const ScoreRows tail = {kv.tail.keys, kv.dtype, kv.head_dim, buffers.rows.data(),
                          buffers.rows.size()};
  return Scores(group.queries + g, 1, tail, group.isa, buffers.scores.data() + n_base, keys.size());
}

}  // namespace

Status ScoreRange(const QueryGroup& group, size_t begin, size_t n, float* scores, size_t stride) {
  const GroupInput& input = *group.input;
  for (const KvRun& run : SplitRun(input.kv, begin, begin + n)) {
    if (run.n == 0) continue;
    const ScoreRows rows = {run.keys, input.kv.dtype, input.kv.head_dim, nullptr, run.n};
    const Status status = Scores(group.queries, input.group_size, rows, group.isa,
                                 scores + (run.first - begin), stride);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

Status ScoreKeys(const QueryGroup& group, size_t g, const std::vector<uint32_t>& keys,
                 const Selection& selection) {
  auto& scores = group.buffers->scores;
  scores.resize(keys.size());
  if (!selection.is_scored()) return ScoreListed(group, g, keys);
  const float* known = CandidateScores(group, g, selection);
  for (size_t i = 0; i < keys.size(); ++i) scores[i] = known[keys[i] - selection.sink_end];
  return Status::kOk;
}

Status ScoreCandidates(const QueryGroup& group, Selection* selection) {
  // Sinks only grow and windows only widen, so the first range covers those of later maskers.
  if (selection->is_scored()) return Status::kOk;
  selection->scored_begin = selection->sink_end;
  selection->scored_end = selection->local_begin;
  const size_t n = selection->scored_end - selection->scored_begin;
  auto& scores = group.buffers->range_scores;
  scores.resize(group.input->group_size * n);
  return ScoreRange(group, selection->scored_begin, n, scores.data(), n);
}

const float* CandidateScores(const QueryGroup& group, size_t g, const Selection& selection) {
  const size_t stride = selection.scored_end - selection.scored_begin;
  return group.buffers->range_scores.data() + g * stride +
         (selection.sink_end - selection.scored_begin);
}

size_t DropKept(const HeadKeys& head, size_t begin, size_t n, const float* scores,
                Scratch::Buffers* buffers) {
  auto& candidates = buffers->candidates;
  auto& left = buffers->left_scores;
  candidates.resize(n);
  left.resize(n);
  size_t n_left = 0;
  size_t at = 0;
  const auto take = [&](size_t end) {
    std::copy(scores + at, scores + end, left.begin() + static_cast<ptrdiff_t>(n_left));
    const auto first = candidates.begin() + static_cast<ptrdiff_t>(n_left);
    std::iota(first, first + static_cast<ptrdiff_t>(end - at), static_cast<uint32_t>(begin + at));
    n_left += end - at;
  };
  for (const uint32_t key : head.indices) {
    take(key - begin);
    at = key - begin + 1;
  }
  take(n);
  candidates.resize(n_left);
  return n_left;
}

Status KeepLargest(const QueryGroup& group, size_t begin, size_t n, size_t k, const float* scores,
                   HeadKeys* head) {
  Scratch::Buffers& buffers = *group.buffers;
  const bool is_first = head->indices.empty();
  const size_t n_left = is_first ? n : DropKept(*head, begin, n, scores, &buffers);
  if (n_left <= k) {
    KeepAll(begin, begin + n, head);
    return Status::kOk;
  }
  if (!is_first) scores = buffers.left_scores.data();
  buffers.chosen.resize(k);
  const Status status = TopK(scores, n_left, k, group.isa, &buffers.room, buffers.chosen.data());
  if (status != Status::kOk) return status;
  for (uint32_t& index : buffers.chosen) {
    index = is_first ? index + static_cast<uint32_t>(begin) : buffers.candidates[index];
  }
  head->Merge({buffers.chosen}, &buffers.merged);
  return Status::kOk;
}

void KeepAll(size_t begin, size_t end, HeadKeys* head) {
  head->indices.resize(end - begin);
  std::iota(head->indices.begin(), head->indices.end(), static_cast<uint32_t>(begin));
  head->log_weights.assign(end - begin, 0.0f);
  head->scores.clear();
}

void KeepRest(const QueryGroup& group, size_t begin, size_t end, HeadKeys* head) {
  Scratch::Buffers& buffers = *group.buffers;
  buffers.chosen.clear();
  size_t kept = 0;
  for (size_t key = begin; key < end; ++key) {
    while (kept < head->indices.size() && head->indices[kept] < key) ++kept;
    if (kept < head->indices.size() && head->indices[kept] == key) continue;
    buffers.chosen.push_back(static_cast<uint32_t>(key));
  }
  head->Merge({buffers.chosen}, &buffers.merged);
}

}  // namespace sparsetune
