#include "maskers/attend_selection.h"

#include <algorithm>
#include <limits>

#include "core/bits.h"
#include "maskers/dense.h"

namespace sparsetune {
namespace {

/// A row attended by a whole group costs about this much more than by one head: most of the cost is
/// to bring the row from memory (npm run bench:kernels, attend by group and by head).
constexpr double kGroupRowCost = 1.2;

/// Keys some heads attend, with the weights of each.
struct KeyList {
  const uint32_t* keys = nullptr;  ///< [n] ascending
  size_t n = 0;
  const float* log_weights = nullptr;  ///< [heads, n]
};

/// The keys that some head keeps between sink and local, into buffers->bits; returns how many.
size_t UniteHeads(const Selection& selection, Scratch::Buffers* buffers) {
  const size_t begin = selection.sink_end;
  const size_t n_words = (selection.local_begin - begin + 63) / 64;
  buffers->bits.assign(n_words, 0);
  for (const HeadKeys& head : selection.heads) {
    for (const uint32_t key : head.indices) {
      buffers->bits[(key - begin) / 64] |= uint64_t{1} << (key - begin) % 64;
    }
  }
  return CountBits(buffers->bits.data(), n_words);
}

/// [group_size, kept] log weights into buffers->log_weights; -infinity where a head lacks a key.
void SpreadWeights(const Selection& selection, Scratch::Buffers* buffers) {
  const size_t n = buffers->kept.size();
  buffers->log_weights.assign(selection.heads.size() * n, -std::numeric_limits<float>::infinity());
  for (size_t g = 0; g < selection.heads.size(); ++g) {
    const HeadKeys& head = selection.heads[g];
    float* row = buffers->log_weights.data() + g * n;
    size_t at = 0;
    for (size_t i = 0; i < head.indices.size(); ++i) {
      while (buffers->kept[at] != head.indices[i]) ++at;
      row[at] = head.log_weights[i];
    }
  }
}

/// The keys of base, then those of tail.
Status AttendList(const AttendQueries& queries, const QueryGroup& group, const KeyList& list,
                  AttendState* state) {
  const KvView& kv = group.input->kv;
  const uint32_t* end = list.keys + list.n;
  const uint32_t* split = std::lower_bound(list.keys, end, kv.base.n_kv);
  AttendRows rows;
  rows.keys = kv.base.keys;
  rows.values = kv.base.values;
  rows.dtype = kv.dtype;
  rows.indices = list.keys;
  rows.n = static_cast<size_t>(split - list.keys);
  rows.log_weights = list.log_weights;
  rows.weight_stride = list.n;
  const Status status = AttendAdd(queries, rows, group.isa, state);
  if (status != Status::kOk || split == end) return status;
  auto& tail_rows = group.buffers->rows;
  tail_rows.assign(split, end);
  for (uint32_t& row : tail_rows) row -= static_cast<uint32_t>(kv.base.n_kv);
  rows.keys = kv.tail.keys;
  rows.values = kv.tail.values;
  rows.log_weights += rows.n;
  rows.indices = tail_rows.data();
  rows.n = tail_rows.size();
  return AttendAdd(queries, rows, group.isa, state);
}

Status AttendUnion(const AttendQueries& queries, const QueryGroup& group,
                   const Selection& selection, AttendState* state) {
  Scratch::Buffers& buffers = *group.buffers;
  buffers.kept.clear();
  ForEachBit(buffers.bits.data(), buffers.bits.size(), [&](size_t bit) {
    buffers.kept.push_back(static_cast<uint32_t>(selection.sink_end + bit));
  });
  SpreadWeights(selection, &buffers);
  const KeyList list = {buffers.kept.data(), buffers.kept.size(), buffers.log_weights.data()};
  return AttendList(queries, group, list, state);
}

Status AttendByHead(const AttendQueries& queries, const QueryGroup& group,
                    const Selection& selection, AttendState* state) {
  for (size_t g = 0; g < selection.heads.size(); ++g) {
    const HeadKeys& head = selection.heads[g];
    const AttendQueries one = {queries.rows + g, 1, queries.head_dim, queries.scale};
    AttendState own = StateFrom(*state, g, queries.head_dim);
    const KeyList list = {head.indices.data(), head.indices.size(), head.log_weights.data()};
    const Status status = AttendList(one, group, list, &own);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace

Status AttendSelection(const QueryGroup& group, const Selection& selection, Share share,
                       AttendState* state) {
  const GroupInput& input = *group.input;
  const AttendQueries queries = {group.queries, input.group_size, input.kv.head_dim, input.scale};
  Status status = AttendRun(queries, input.kv, {0, selection.sink_end}, group.isa, state);
  if (status != Status::kOk) return status;
  const VisibleKeys local = {selection.local_begin, selection.n_visible};
  status = AttendRun(queries, input.kv, local, group.isa, state);
  if (status != Status::kOk) return status;
  size_t n_listed = 0;
  for (const HeadKeys& head : selection.heads) n_listed += head.indices.size();
  const auto n_united = static_cast<double>(UniteHeads(selection, group.buffers));
  const bool is_group_cheaper = n_united * kGroupRowCost <= static_cast<double>(n_listed);
  const bool by_head = share == Share::kHead || (share == Share::kAuto && !is_group_cheaper);
  if (by_head || n_listed == 0) return AttendByHead(queries, group, selection, state);
  return AttendUnion(queries, group, selection, state);
}

}  // namespace sparsetune
