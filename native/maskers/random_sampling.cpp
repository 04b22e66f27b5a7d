#include <algorithm>
#include <cmath>

#include "maskers/draws.h"
#include "maskers/group_scores.h"
#include "maskers/selection.h"

namespace sparsetune {

Status ApplyRandomSampling(const MaskerConfig& masker, const QueryGroup& group,
                           Selection* selection) {
  Scratch::Buffers& buffers = *group.buffers;
  for (size_t g = 0; g < selection->heads.size(); ++g) {
    HeadKeys& head = selection->heads[g];
    const size_t n_left = selection->local_begin - selection->sink_end - head.indices.size();
    if (n_left == 0) continue;
    const auto wanted = static_cast<size_t>(masker.sampling_rate * static_cast<double>(n_left));
    const size_t n = std::clamp<size_t>(wanted, 1, n_left);
    if (n == n_left) {
      KeepRest(group, selection->sink_end, selection->local_begin, &head);
      continue;
    }
    DrawKeys(group, g, *selection, DrawDomain::kRandomSample, head.indices, n, &buffers.chosen);
    const double inverse = static_cast<double>(n_left) / static_cast<double>(n);
    buffers.weights.assign(n, static_cast<float>(std::log(inverse)));
    head.Merge({buffers.chosen, buffers.weights.data()}, &buffers.merged);
  }
  return Status::kOk;
}

}  // namespace sparsetune
