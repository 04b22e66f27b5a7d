#include <algorithm>
#include <cmath>

#include "core/bits.h"
#include "kernels/lsh/lsh.h"
#include "maskers/group_scores.h"
#include "maskers/lsh_state.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// Clears the bits of keys outside [begin, end) of a link and of those `head` keeps already.
/// Bit 0 is key `first_key`.
void ClearBits(size_t first_key, size_t begin, size_t end, const HeadKeys& head, size_t n_blocks,
               uint64_t* bits) {
  bits[0] &= ~LowBits(begin - first_key);
  bits[n_blocks - 1] &= LowBits(end - first_key - (n_blocks - 1) * kLshBlockKeys);
  auto key = std::lower_bound(head.indices.begin(), head.indices.end(), begin);
  for (; key != head.indices.end() && *key < end; ++key) {
    const size_t bit = *key - first_key;
    bits[bit / 64] &= ~(uint64_t{1} << bit % 64);
  }
}

/// Scans the keys of one link that lie between sink and local; appends each head's matches and the
/// norms of their keys.
Status ScanLink(const LshState& link, uint32_t min_matches, const QueryGroup& group,
                Selection* selection) {
  const size_t begin = std::max(selection->sink_end, link.first);
  const size_t end = std::min(selection->local_begin, link.first + link.n);
  if (begin >= end) return Status::kOk;
  Scratch::Buffers& buffers = *group.buffers;
  const size_t first_block = (begin - link.first) / kLshBlockKeys;
  const size_t n_blocks = (end - link.first - 1) / kLshBlockKeys + 1 - first_block;
  const size_t first_key = link.first + first_block * kLshBlockKeys;
  const size_t n_heads = selection->heads.size();
  buffers.bits.resize((n_heads + 1) * n_blocks);
  const Status status =
      LshMatch({link.params, link.codes.data(), link.n}, buffers.codes.data(), n_heads, min_matches,
               first_block, n_blocks, group.isa, buffers.bits.data());
  if (status != Status::kOk) return status;
  uint64_t* any = buffers.bits.data() + n_heads * n_blocks;
  std::fill_n(any, n_blocks, 0);
  for (size_t g = 0; g < n_heads; ++g) {
    uint64_t* bits = buffers.bits.data() + g * n_blocks;
    ClearBits(first_key, begin, end, selection->heads[g], n_blocks, bits);
    for (size_t b = 0; b < n_blocks; ++b) any[b] |= bits[b];
    Matches& matches = buffers.matches[g];
    ForEachBit(bits, n_blocks, [&](size_t bit) {
      matches.keys.push_back(static_cast<uint32_t>(first_key + bit));
      matches.norms.push_back(link.norms[first_key + bit - link.first]);
    });
  }
  selection->index_bytes += n_blocks * LshBlockBytes(link.params);
  ForEachBit(any, n_blocks, [&](size_t) { selection->index_bytes += sizeof(float); });
  return Status::kOk;
}

/// What the angle between one query and a centred key needs besides their dot product.
struct QueryNorm {
  double norm = 0;
  double dot_mean = 0;
};

QueryNorm NormOf(const float* query, const std::vector<float>& mean) {
  QueryNorm result;
  for (size_t i = 0; i < mean.size(); ++i) {
    result.norm += static_cast<double>(query[i]) * query[i];
    result.dot_mean += static_cast<double>(query[i]) * mean[i];
  }
  result.norm = std::sqrt(result.norm);
  return result;
}

/// Cosine of query and centred key. A zero vector has the code of all ones: it meets any other
/// vector as one at a right angle would, and another zero vector always.
double Cosine(const QueryNorm& query, float dot, float key_norm) {
  if (query.norm == 0 && key_norm == 0) return 1;
  if (query.norm == 0 || key_norm == 0) return 0;
  return (static_cast<double>(dot) - query.dot_mean) / (query.norm * key_norm);
}

/// Weighs the matches of one head by their true probability and adds them to what it keeps.
Status KeepMatches(const MaskerConfig& masker, const QueryGroup& group, const LshState& index,
                   size_t g, HeadKeys* head) {
  Scratch::Buffers& buffers = *group.buffers;
  Matches& matches = buffers.matches[g];
  if (matches.keys.empty()) return Status::kOk;
  const Status status = ScoreKeys(group, g, matches.keys);
  if (status != Status::kOk) return status;
  const QueryNorm query = NormOf(group.queries[g], index.mean);
  for (size_t i = 0; i < matches.keys.size(); ++i) {
    const double cosine = Cosine(query, buffers.scores[i], matches.norms[i]);
    const double log_p = LshLogProbability(cosine, index.params, masker.min_matches);
    buffers.scores[i] = static_cast<float>(-log_p);
  }
  head->Merge(matches.keys, buffers.scores.data(), &buffers.merged);
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
                           index.planes->data(), group.isa, buffers.codes.data());
  buffers.matches.resize(n_heads);
  for (Matches& matches : buffers.matches) matches.Clear();
  for (const LshState* link : links) {
    if (status != Status::kOk) return status;
    status = ScanLink(*link, masker.min_matches, group, selection);
  }
  if (index.is_centred) selection->index_bytes += index.mean.size() * sizeof(float);
  for (size_t g = 0; g < n_heads && status == Status::kOk; ++g) {
    status = KeepMatches(masker, group, index, g, &selection->heads[g]);
  }
  return status;
}

}  // namespace sparsetune
