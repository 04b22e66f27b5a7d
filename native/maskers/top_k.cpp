#include "maskers/group_scores.h"
#include "maskers/selection.h"

namespace sparsetune {

Status ApplyTopK(const MaskerConfig& masker, const QueryGroup& group, Selection* selection) {
  const size_t begin = selection->sink_end;
  const size_t n = selection->local_begin - begin;
  const size_t k = CountKeys(masker.size, selection->n_visible);
  if (n == 0) return Status::kOk;
  if (n <= k) {  // every key that is left, with no need to score them
    selection->KeepFirst(selection->local_begin);
    return Status::kOk;
  }
  if (masker.score_dtype == ScoreDtype::kInt8) return ApplyQuantizedTopK(group, k, selection);
  const Status scored = ScoreCandidates(group, selection);
  if (scored != Status::kOk) return scored;
  for (size_t g = 0; g < selection->heads.size(); ++g) {
    const float* scores = CandidateScores(group, g, *selection);
    const Status status = KeepLargest(group, begin, n, k, scores, &selection->heads[g]);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace sparsetune
