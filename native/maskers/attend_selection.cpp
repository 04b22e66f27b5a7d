#include "maskers/attend_selection.h"

#include <algorithm>
#include <limits>

#include "core/bits.h"
#include "maskers/dense.h"
#include "maskers/group_scores.h"

namespace sparsetune {
namespace {

/// A row attended by a whole group costs about this much more than by one head: most of the cost is
/// to bring the row from memory (npm run bench:kernels, attend by group and by head).
constexpr double kGroupRowCost = 1.2;

/// Rows of the longest list attended before it is another head's turn, on average at least.
constexpr size_t kTurnRows = 512;

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

/// True where the score of every listed key is known, so that no key row needs to be read again.
bool AreScored(const Selection& selection) {
  return selection.is_scored() ||
         std::all_of(selection.heads.begin(), selection.heads.end(),
                     [](const HeadKeys& head) { return head.has_scores(); });
}

/// Log weights of what head `g` keeps; with scale * q.k where scores are known.
class ListedWeights {
 public:
  ListedWeights(const QueryGroup& group, const Selection& selection, size_t g)
      : head_(selection.heads[g]), scale_(group.input->scale) {
    if (selection.is_scored()) {
      range_scores_ = CandidateScores(group, g, selection);
      range_begin_ = selection.sink_end;
    } else if (AreScored(selection)) {
      scores_ = head_.scores.data();
    }
  }

  float operator[](size_t i) const {
    if (range_scores_ != nullptr) {
      return scale_ * range_scores_[head_.indices[i] - range_begin_] + head_.log_weights[i];
    }
    return scores_ == nullptr ? head_.log_weights[i] : scale_ * scores_[i] + head_.log_weights[i];
  }

 private:
  const HeadKeys& head_;
  float scale_;
  const float* range_scores_ = nullptr;
  size_t range_begin_ = 0;
  const float* scores_ = nullptr;
};

/// The keys of buffers->bits into buffers->kept, and how many of them lie before each word.
void ListKept(size_t first, Scratch::Buffers* buffers) {
  const std::vector<uint64_t>& bits = buffers->bits;
  auto& ranks = buffers->word_ranks;
  ranks.resize(bits.size());
  uint32_t n = 0;
  for (size_t w = 0; w < bits.size(); ++w) {
    ranks[w] = n;
    n += static_cast<uint32_t>(CountBits(bits[w]));
  }
  buffers->kept.resize(n + kListedAtOnce);
  ListBits(bits.data(), bits.size(), static_cast<uint32_t>(first), buffers->kept.data());
  buffers->kept.resize(n);
}

/// [group_size, kept] weights into buffers->log_weights; -infinity where a head lacks a key. A
/// key's place is its rank in the bits: to look for it, too, would be a branch that cannot be
/// foretold.
void SpreadWeights(const QueryGroup& group, const Selection& selection) {
  Scratch::Buffers* buffers = group.buffers;
  const size_t n = buffers->kept.size();
  buffers->log_weights.assign(selection.heads.size() * n, -std::numeric_limits<float>::infinity());
  for (size_t g = 0; g < selection.heads.size(); ++g) {
    const HeadKeys& head = selection.heads[g];
    const ListedWeights weights(group, selection, g);
    float* row = buffers->log_weights.data() + g * n;
    for (size_t i = 0; i < head.indices.size(); ++i) {
      const size_t bit = head.indices[i] - selection.sink_end;
      const uint64_t before = buffers->bits[bit / 64] & LowBits(bit % 64);
      row[buffers->word_ranks[bit / 64] + CountBits(before)] = weights[i];
    }
  }
}

Status AttendUnion(const AttendQueries& queries, const QueryGroup& group,
                   const Selection& selection, AttendState* state) {
  Scratch::Buffers& buffers = *group.buffers;
  ListKept(selection.sink_end, &buffers);
  SpreadWeights(group, selection);
  const KeyList list = {buffers.kept.data(), buffers.kept.size(), buffers.log_weights.data(),
                        AreScored(selection)};
  return AttendList(queries, group, list, state);
}

/// Keys [from, to) of what one head of a selection keeps.
struct HeadPart {
  const Selection& selection;
  size_t head;
  size_t from;
  size_t to;
};

/// Adds a part to the state of its head.
Status AttendPart(const AttendQueries& queries, const QueryGroup& group, const HeadPart& part,
                  AttendState* state) {
  const HeadKeys& head = part.selection.heads[part.head];
  const AttendQueries one = {queries.rows + part.head, 1, queries.head_dim, queries.scale};
  AttendState own = StateFrom(*state, part.head, queries.head_dim);
  KeyList list = {head.indices.data() + part.from, part.to - part.from,
                  head.log_weights.data() + part.from, AreScored(part.selection)};
  if (list.is_scored) {
    const ListedWeights weights(group, part.selection, part.head);
    auto& log_weights = group.buffers->log_weights;
    log_weights.resize(list.n);
    for (size_t i = 0; i < list.n; ++i) log_weights[i] = weights[part.from + i];
    list.log_weights = log_weights.data();
  }
  return AttendList(one, group, list, &own);
}

/// The heads take turns over ranges of keys: what several of them keep, and the pages it lies in,
/// are still near when the next one asks.
Status AttendByHead(const AttendQueries& queries, const QueryGroup& group,
                    const Selection& selection, AttendState* state) {
  const std::vector<HeadKeys>& heads = selection.heads;
  size_t n_most = 0;
  for (const HeadKeys& head : heads) n_most = std::max(n_most, head.indices.size());
  const size_t n_keys = selection.local_begin - selection.sink_end;
  const size_t n_turns = heads.size() > 1 ? std::max<size_t>(n_most / kTurnRows, 1) : 1;
  auto& n_attended = group.buffers->n_attended;
  n_attended.assign(heads.size(), 0);
  for (size_t turn = 1; turn <= n_turns; ++turn) {
    const size_t end = selection.sink_end + n_keys * turn / n_turns;
    for (size_t g = 0; g < heads.size(); ++g) {
      const std::vector<uint32_t>& keys = heads[g].indices;
      const size_t from = n_attended[g];
      const auto rest = keys.begin() + static_cast<std::ptrdiff_t>(from);
      const auto to = static_cast<size_t>(std::lower_bound(rest, keys.end(), end) - keys.begin());
      const Status status = AttendPart(queries, group, {selection, g, from, to}, state);
      if (status != Status::kOk) return status;
      n_attended[g] = to;
    }
  }
  return Status::kOk;
}

}  // namespace

Status AttendList(const AttendQueries& queries, const QueryGroup& group, const KeyList& list,
                  AttendState* state) {
  const KvView& kv = group.input->kv;
  const uint32_t* end = list.keys + list.n;
  const uint32_t* split = std::lower_bound(list.keys, end, kv.base.n_kv);
  AttendRows rows;
  if (!list.is_scored) rows.keys = kv.base.keys;
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
  if (!list.is_scored) rows.keys = kv.tail.keys;
  rows.values = kv.tail.values;
  if (rows.log_weights != nullptr) rows.log_weights += rows.n;
  rows.indices = tail_rows.data();
  rows.n = tail_rows.size();
  return AttendAdd(queries, rows, group.isa, state);
}

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
