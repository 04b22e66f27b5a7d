#include "kernels/top_p/top_p.h"

#include "maskers/group_scores.h"
#include "maskers/selection.h"

namespace sparsetune {

Status ApplyTopP(const MaskerConfig& masker, const QueryGroup& group, Selection* selection) {
  const size_t begin = selection->sink_end;
  const size_t n = selection->local_begin - begin;
  if (n == 0) return Status::kOk;
  if (masker.top_p >= 1) {  // every key that is left, with no need to score them
    selection->KeepFirst(selection->local_begin);
    return Status::kOk;
  }
  Status status = ScoreCandidates(group, selection);
  Scratch::Buffers& buffers = *group.buffers;
  for (size_t g = 0; g < selection->heads.size() && status == Status::kOk; ++g) {
    HeadKeys& head = selection->heads[g];
    const float* all = CandidateScores(group, g, *selection);
    const size_t n_left = DropKept(head, begin, n, all, &buffers);
    if (n_left == 0) {
      KeepAll(begin, begin + n, &head);
      continue;
    }
    buffers.scored.resize(n_left);
    buffers.chosen.resize(n_left);
    size_t n_chosen = 0;
    status = TopP(buffers.left_scores.data(), n_left, group.input->scale, masker.top_p,
                  buffers.scored.data(), buffers.chosen.data(), &n_chosen);
    if (status != Status::kOk) return status;
    if (n_chosen == n_left) {  // nothing is left out, so nothing needs to be a sample
      KeepAll(begin, begin + n, &head);
      continue;
    }
    buffers.chosen.resize(n_chosen);
    for (uint32_t& index : buffers.chosen) index = buffers.candidates[index];
    head.Merge({buffers.chosen}, &buffers.merged);
  }
  return status;
}

}  // namespace sparsetune
