#include "kernels/top_k/top_k.h"

#include <algorithm>

#include "kernels/scores/scores.h"
#include "maskers/kv_rows.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// Scores of the keys between sink and local for all heads: [group_size, n].
Status ScoreCandidates(const QueryGroup& group, size_t begin, size_t n) {
  const GroupInput& input = *group.input;
  auto& scores = group.buffers->scores;
  scores.resize(input.group_size * n);
  for (const KvRun& run : SplitRun(input.kv, begin, begin + n)) {
    if (run.n == 0) continue;
    const ScoreRows rows = {run.keys, input.kv.dtype, input.kv.head_dim, nullptr, run.n};
    const Status status = Scores(group.queries, input.group_size, rows, group.isa,
                                 scores.data() + (run.first - begin), n);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

/// Moves the scores of keys that `head` does not keep yet to the front; returns how many. The keys
/// themselves go to `candidates`.
size_t DropKept(const HeadKeys& head, size_t begin, size_t n, float* scores,
                std::vector<uint32_t>* candidates) {
  candidates->clear();
  size_t kept = 0;
  for (size_t i = 0; i < n; ++i) {
    const size_t key = begin + i;
    if (kept < head.indices.size() && head.indices[kept] == key) {
      ++kept;
      continue;
    }
    scores[candidates->size()] = scores[i];
    candidates->push_back(static_cast<uint32_t>(key));
  }
  return candidates->size();
}

Status ChooseForHead(const QueryGroup& group, size_t begin, size_t n, size_t k, float* scores,
                     HeadKeys* head) {
  Scratch::Buffers& buffers = *group.buffers;
  const bool is_first = head->indices.empty();
  const size_t n_left = is_first ? n : DropKept(*head, begin, n, scores, &buffers.candidates);
  buffers.chosen.resize(std::min(k, n_left));
  const Status status = TopK(scores, n_left, k, group.isa, buffers.chosen.data());
  if (status != Status::kOk) return status;
  for (uint32_t& index : buffers.chosen) {
    index = is_first ? index + static_cast<uint32_t>(begin) : buffers.candidates[index];
  }
  head->Merge(buffers.chosen, nullptr, &buffers.merged);
  return Status::kOk;
}

}  // namespace

Status ApplyTopK(const MaskerConfig& masker, const QueryGroup& group, Selection* selection) {
  const size_t begin = selection->sink_end;
  const size_t n = selection->local_begin - begin;
  const size_t k = CountKeys(masker.size, selection->n_visible);
  if (n == 0) return Status::kOk;
  if (n <= k) {  // every key that is left, with no need to score them
    selection->KeepFirst(selection->local_begin);
    return Status::kOk;
  }
  const Status scored = ScoreCandidates(group, begin, n);
  if (scored != Status::kOk) return scored;
  if (selection->scored_begin == selection->scored_end) {
    // Sinks only grow and windows only widen, so the first range covers those of later maskers.
    selection->scored_begin = begin;
    selection->scored_end = begin + n;
  }
  for (size_t g = 0; g < selection->heads.size(); ++g) {
    const Status status = ChooseForHead(group, begin, n, k, group.buffers->scores.data() + g * n,
                                        &selection->heads[g]);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace sparsetune
