#include <algorithm>
#include <cmath>

#include "core/bits.h"
#include "kernels/lsh/buckets.h"
#include "kernels/lsh/lsh.h"
#include "kernels/lsh/weights.h"
#include "maskers/group_scores.h"
#include "maskers/lsh_state.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// Keys [begin, end) of one link: those between sink and local.
struct LinkRange {
  const LshState& link;
  uint32_t min_matches;
  size_t begin;
  size_t end;
  size_t n_blocks;  ///< of the link; head g has its bits from g * n_blocks on, bit 0 is key 0
};

/// Looks the queries up in one run, into buffers->bits.
Status LookUpRun(const LinkRange& range, const LshRun& run, const QueryGroup& group,
                 Selection* selection) {
  Scratch::Buffers& buffers = *group.buffers;
  const LshBuckets buckets = run.buckets(range.link.params);
  const size_t n_heads = selection->heads.size();
  buffers.counts.resize(std::max(buffers.counts.size(), run.n));
  const Status status = LshLookUp(buckets, buffers.codes.data(), n_heads, range.min_matches,
                                  group.isa, buffers.counts.data(),
                                  buffers.bits.data() + run.first / kLshBlockKeys, range.n_blocks);
  // Afterwards, when the starts are in the cache.
  selection->index_bytes += LshLookUpBytes(buckets, buffers.codes.data(), n_heads);
  return status;
}

/// Scans the codes of the keys that are in no run, into buffers->bits.
Status ScanRest(const LinkRange& range, const QueryGroup& group, Selection* selection) {
  const LshState& link = range.link;
  Scratch::Buffers& buffers = *group.buffers;
  const size_t sealed = link.n_sealed();
  if (range.end <= sealed) return Status::kOk;
  const size_t n_heads = selection->heads.size();
  const size_t first_block = (std::max(range.begin, sealed) - sealed) / kLshBlockKeys;
  const size_t n_blocks = (range.end - sealed - 1) / kLshBlockKeys + 1 - first_block;
  buffers.scanned.resize(n_heads * n_blocks);
  const Status status =
      LshMatch({link.params, link.codes.data(), link.n - sealed}, buffers.codes.data(), n_heads,
               range.min_matches, first_block, n_blocks, group.isa, buffers.scanned.data());
  if (status != Status::kOk) return status;
  for (size_t g = 0; g < n_heads; ++g) {
    std::copy_n(buffers.scanned.data() + g * n_blocks, n_blocks,
                buffers.bits.data() + g * range.n_blocks + sealed / kLshBlockKeys + first_block);
  }
  selection->index_bytes += n_blocks * LshBlockBytes(link.params);
  return Status::kOk;
}

/// Clears the bits of keys outside a range and of those `head` keeps already.
void ClearBits(const LinkRange& range, const HeadKeys& head, uint64_t* bits) {
  const size_t first_word = range.begin / 64;
  const size_t end_word = (range.end + 63) / 64;
  std::fill_n(bits, first_word, 0);
  bits[first_word] &= ~LowBits(range.begin % 64);
  bits[end_word - 1] &= LowBits(range.end - (end_word - 1) * 64);
  std::fill(bits + end_word, bits + range.n_blocks, 0);
  const size_t first = range.link.first;
  auto key = std::lower_bound(head.indices.begin(), head.indices.end(), first + range.begin);
  for (; key != head.indices.end() && *key < first + range.end; ++key) {
    const size_t bit = *key - first;
    bits[bit / 64] &= ~(uint64_t{1} << bit % 64);
  }
}

/// Appends the keys of set bits and their norms.
void AppendMatches(const LinkRange& range, const uint64_t* bits, Matches* matches) {
  const size_t before = matches->keys.size();
  const size_t n = before + CountBits(bits, range.n_blocks);
  const size_t first = range.link.first;
  matches->keys.resize(n + kListedAtOnce);
  ListBits(bits, range.n_blocks, static_cast<uint32_t>(first), matches->keys.data() + before);
  matches->keys.resize(n);
  matches->norms.resize(n);
  for (size_t i = before; i < n; ++i) {
    matches->norms[i] = range.link.norms[matches->keys[i] - first];
  }
}

/// Finds the keys of one link that lie between sink and local and match; appends each head's.
Status SearchLink(const LshState& link, uint32_t min_matches, const QueryGroup& group,
                  Selection* selection) {
  const size_t begin = std::max(selection->sink_end, link.first);
  const size_t end = std::min(selection->local_begin, link.first + link.n);
  if (begin >= end) return Status::kOk;
  const LinkRange range = {link, min_matches, begin - link.first, end - link.first,
                           (link.n + kLshBlockKeys - 1) / kLshBlockKeys};
  Scratch::Buffers& buffers = *group.buffers;
  const size_t n_heads = selection->heads.size();
  buffers.bits.assign((n_heads + 1) * range.n_blocks, 0);
  for (const LshRun& run : link.runs) {
    if (run.first + run.n <= range.begin || run.first >= range.end) continue;
    const Status status = LookUpRun(range, run, group, selection);
    if (status != Status::kOk) return status;
  }
  const Status status = ScanRest(range, group, selection);
  if (status != Status::kOk) return status;
  uint64_t* any = buffers.bits.data() + n_heads * range.n_blocks;
  for (size_t g = 0; g < n_heads; ++g) {
    uint64_t* bits = buffers.bits.data() + g * range.n_blocks;
    ClearBits(range, selection->heads[g], bits);
    for (size_t b = 0; b < range.n_blocks; ++b) any[b] |= bits[b];
    AppendMatches(range, bits, &buffers.matches[g]);
  }
  selection->index_bytes += CountBits(any, range.n_blocks) * sizeof(float);
  return Status::kOk;
}

LshQuery QueryOf(const float* query, const std::vector<float>& mean) {
  LshQuery result;
  for (size_t i = 0; i < mean.size(); ++i) {
    result.norm += static_cast<double>(query[i]) * query[i];
    result.dot_mean += static_cast<double>(query[i]) * mean[i];
  }
  result.norm = std::sqrt(result.norm);
  return result;
}

/// Weighs the matches of one head by their true probability and adds them to what it keeps.
Status KeepMatches(const MaskerConfig& masker, const QueryGroup& group, const LshState& index,
                   size_t g, Selection* selection) {
  Scratch::Buffers& buffers = *group.buffers;
  Matches& matches = buffers.matches[g];
  if (matches.keys.empty()) return Status::kOk;
  Status status = ScoreKeys(group, g, matches.keys, *selection);
  if (status != Status::kOk) return status;
  buffers.weights = buffers.scores;
  status = LshLogWeights(QueryOf(group.queries[g], index.mean), matches.norms.data(),
                         matches.keys.size(), index.shared->curves[masker.min_matches - 1],
                         group.isa, buffers.weights.data());
  if (status != Status::kOk) return status;
  selection->heads[g].Merge({matches.keys, buffers.weights.data(), buffers.scores.data()},
                            &buffers.merged);
  return Status::kOk;
}

}  // namespace

Status ApplyMagicPig(const MaskerConfig& masker, const QueryGroup& group, Selection* selection) {
  if (selection->sink_end >= selection->local_begin) return Status::kOk;
  const auto links = LinksOf<LshState>(*group.index, group.slot);
  const LshState& index = *links.front();
  const size_t n_heads = selection->heads.size();
  Scratch::Buffers& buffers = *group.buffers;
  buffers.codes.resize(n_heads * masker.lsh_l);
  Status status = LshCodes(group.queries, n_heads, index.head_dim, index.params,
                           index.shared->panels.data(), group.isa, buffers.codes.data());
  buffers.matches.resize(n_heads);
  for (Matches& matches : buffers.matches) matches.Clear();
  for (const LshState* link : links) {
    if (status != Status::kOk) return status;
    status = SearchLink(*link, masker.min_matches, group, selection);
  }
  if (index.is_centred) selection->index_bytes += index.mean.size() * sizeof(float);
  for (size_t g = 0; g < n_heads && status == Status::kOk; ++g) {
    status = KeepMatches(masker, group, index, g, selection);
  }
  return status;
}

}  // namespace sparsetune
