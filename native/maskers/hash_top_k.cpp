#include <algorithm>

#include "kernels/signatures/signatures.h"
#include "maskers/group_scores.h"
#include "maskers/hash_state.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// The signatures of the group's queries into buffers->signatures, [group_size, n_words].
Status HashQueries(const HashState& state, const QueryGroup& group, size_t n_heads) {
  auto& signatures = group.buffers->signatures;
  signatures.resize(n_heads * state.n_words);
  for (size_t g = 0; g < n_heads; ++g) {
    const Status status = state.HashQuery(group.queries[g], state.n_networks == 1 ? 0 : g,
                                          group.isa, signatures.data() + g * state.n_words);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace

Status ApplyHashTopK(const MaskerConfig& masker, const QueryGroup& group, Selection* selection) {
  const size_t begin = selection->sink_end;
  const size_t n = selection->local_begin - begin;
  const size_t k = CountKeys(masker.size, selection->n_visible);
  const size_t n_heads = selection->heads.size();
  if (n == 0) return Status::kOk;
  if (n <= k) {  // every key that is left, with no need to score them
    selection->KeepFirst(selection->local_begin);
    return Status::kOk;
  }
  const auto links = LinksOf<HashState>(*group.index, group.slot);
  const HashState& state = *links.front();
  if (state.n_networks != 1 && state.n_networks != n_heads) return Status::kInvalidShape;
  Status status = HashQueries(state, group, n_heads);
  auto& scores = group.buffers->scores;
  scores.resize(n);
  for (size_t g = 0; g < n_heads && status == Status::kOk; ++g) {
    const uint64_t* query = group.buffers->signatures.data() + g * state.n_words;
    for (const HashState* link : links) {
      const size_t from = std::max(begin, link->first);
      const size_t to = std::min(begin + n, link->first + link->n);
      if (from >= to) continue;
      const auto& keys = link->signatures[state.n_networks == 1 ? 0 : g];
      status = SignatureScores(query, keys.data() + (from - link->first) * link->n_words,
                               link->n_words, to - from, group.isa, scores.data() + (from - begin));
      if (status != Status::kOk) return status;
    }
    status = KeepLargest(group, begin, n, k, scores.data(), &selection->heads[g]);
  }
  selection->index_bytes += n * state.n_words * sizeof(uint64_t) * state.n_networks;
  return status;
}

}  // namespace sparsetune
