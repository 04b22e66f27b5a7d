#include "maskers/chain.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "core/bits.h"
#include "maskers/attend_selection.h"
#include "maskers/check_chain.h"
#include "maskers/dense.h"
#include "maskers/key_index.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

Status CheckInput(const ChainConfig& chain, const GroupInput& input, const KeyIndex* index) {
  const size_t n_kv = input.kv.n_kv();
  if (input.kv.head_dim == 0 || input.group_size == 0) return Status::kInvalidShape;
  if (input.n_q == 0 || input.n_q > n_kv || n_kv > std::numeric_limits<uint32_t>::max()) {
    return Status::kInvalidShape;
  }
  if (input.window != 0 && !chain.maskers.empty()) return Status::kInvalidArgument;
  if (!NeedsIndex(chain)) return Status::kOk;
  if (index == nullptr) return Status::kInvalidArgument;
  return index->n_kv() >= n_kv ? Status::kOk : Status::kInvalidShape;
}

Status ApplyMasker(const MaskerConfig& masker, const QueryGroup& group, Selection* selection) {
  switch (masker.kind) {
    case MaskerKind::kSink:
      return ApplySink(masker, selection);
    case MaskerKind::kLocal:
      return ApplyLocal(masker, selection);
    case MaskerKind::kTopK:
      return ApplyTopK(masker, group, selection);
    case MaskerKind::kTopP:
      return ApplyTopP(masker, group, selection);
    case MaskerKind::kQuest:
      return ApplyQuest(masker, group, selection);
    case MaskerKind::kDoubleSparsity:
      return ApplyDoubleSparsity(masker, group, selection);
    case MaskerKind::kHashTopK:
      return ApplyHashTopK(masker, group, selection);
    case MaskerKind::kRandomSampling:
      return ApplyRandomSampling(masker, group, selection);
    case MaskerKind::kAdaptiveSampling:
      return ApplyAdaptiveSampling(masker, group, selection);
    case MaskerKind::kMagicPig:
      return ApplyMagicPig(masker, group, selection);
  }
  return Status::kUnsupported;
}

/// `united`: bit i says that some head lists key sink_end + i.
void CountStats(const GroupInput& input, const Selection& selection,
                const std::vector<uint64_t>& united, GroupStats* stats) {
  const size_t n_runs = selection.sink_end + selection.n_visible - selection.local_begin;
  uint64_t attended = input.group_size * n_runs;
  for (const HeadKeys& head : selection.heads) attended += head.indices.size();
  stats->attended += attended;
  stats->visible += input.group_size * selection.n_visible;
  stats->rows += input.group_size;
  stats->density_sum += static_cast<double>(attended) / static_cast<double>(selection.n_visible);
  // Key rows that were scored and also kept were read once.
  const size_t n_scored = selection.scored_end - selection.scored_begin;
  const auto n_not_scored = [&](size_t begin, size_t end) {
    const size_t from = std::max(begin, selection.scored_begin);
    const size_t to = std::min(end, selection.scored_end);
    return end - begin - (from < to ? to - from : 0);
  };
  const size_t n_listed = CountBits(united.data(), united.size());
  // Between sink and local all keys were scored, where any were.
  size_t n_listed_not_scored = 0;
  size_t n_ranked = 0;
  if (!selection.is_scored()) {
    n_listed_not_scored = n_listed;
    ForEachBit(selection.read_bits.data(), selection.read_bits.size(), [&](size_t key) {
      if (key < selection.sink_end || key >= selection.local_begin) return;
      const size_t bit = key - selection.sink_end;
      n_ranked += (united[bit / 64] >> bit % 64 & 1) ^ 1;
    });
  }
  const size_t key_rows = n_ranked + n_scored + n_listed_not_scored +
                          n_not_scored(0, selection.sink_end) +
                          n_not_scored(selection.local_begin, selection.n_visible);
  const size_t row_bytes = input.kv.head_dim * DtypeBytes(input.kv.dtype);
  stats->bytes_read += selection.index_bytes + (key_rows + n_runs + n_listed) * row_bytes;
}

/// The mask rows of one query, by head; in the order (head, query) they are appended at the end.
struct RecordedRow {
  std::vector<uint32_t> indices;
  std::vector<float> probs;

  void AddRun(size_t begin, size_t end) {
    for (size_t key = begin; key < end; ++key) {
      indices.push_back(static_cast<uint32_t>(key));
      probs.push_back(1.0f);
    }
  }
};

RecordedRow Record(const Selection& selection, const HeadKeys& head) {
  RecordedRow row;
  row.AddRun(0, selection.sink_end);
  for (size_t i = 0; i < head.indices.size(); ++i) {
    row.indices.push_back(head.indices[i]);
    // A probability below the smallest float is that float: the record promises (0, 1].
    row.probs.push_back(
        std::max(std::exp(-head.log_weights[i]), std::numeric_limits<float>::denorm_min()));
  }
  row.AddRun(selection.local_begin, selection.n_visible);
  return row;
}

void AppendRows(const std::vector<RecordedRow>& rows, MaskRecord* mask) {
  if (mask->indptr.empty()) mask->indptr.push_back(0);
  for (const RecordedRow& row : rows) {
    mask->indices.insert(mask->indices.end(), row.indices.begin(), row.indices.end());
    mask->probs.insert(mask->probs.end(), row.probs.begin(), row.probs.end());
    mask->indptr.push_back(mask->indices.size());
  }
}

/// One query of the group: choose, then attend what was chosen.
Status AttendQuery(const ChainConfig& chain, QueryGroup group, size_t i, float* const* outputs,
                   GroupStats* stats) {
  const GroupInput& input = *group.input;
  Scratch::Buffers* buffers = group.buffers;
  Selection& selection = buffers->selection;
  selection.Reset(input.group_size, VisibleTo(input, i).end);
  for (const MaskerConfig& masker : chain.maskers) {
    const Status status = ApplyMasker(masker, group, &selection);
    if (status != Status::kOk) return status;
    group.slot += HasState(masker) ? 1 : 0;
  }
  selection.KeepOwnWhereEmpty();
  AttendState state = BeginState(input.group_size, input.kv.head_dim, buffers);
  const Status status = AttendSelection(group, selection, chain.share, &state);
  if (status != Status::kOk) return status;
  AttendEnd(state, input.group_size, input.kv.head_dim, outputs);
  CountStats(input, selection, buffers->bits, stats);
  return Status::kOk;
}

Status AttendSparse(const ChainConfig& chain, const GroupInput& input, const KeyIndex* index,
                    Isa isa, Scratch::Buffers* buffers, GroupStats* stats, MaskRecord* mask) {
  std::vector<RecordedRow> rows(mask == nullptr ? 0 : input.group_size * input.n_q);
  for (size_t i = 0; i < input.n_q; ++i) {
    const size_t first = i * input.group_size;
    const QueryGroup group = {&input, buffers->queries.data() + first, index, 0, chain.seed, isa,
                              buffers};
    const Status status = AttendQuery(chain, group, i, buffers->outputs.data() + first, stats);
    if (status != Status::kOk) return status;
    if (mask == nullptr) continue;
    for (size_t g = 0; g < input.group_size; ++g) {
      rows[g * input.n_q + i] = Record(buffers->selection, buffers->selection.heads[g]);
    }
  }
  if (mask != nullptr) AppendRows(rows, mask);
  return Status::kOk;
}

void RecordDense(const GroupInput& input, MaskRecord* mask) {
  std::vector<RecordedRow> rows(input.group_size * input.n_q);
  for (size_t r = 0; r < rows.size(); ++r) {
    const VisibleKeys visible = VisibleTo(input, r % input.n_q);
    rows[r].AddRun(visible.begin, visible.end);
  }
  AppendRows(rows, mask);
}

}  // namespace

Scratch::Scratch() : buffers_(std::make_unique<Buffers>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;

// NOLINTNEXTLINE(readability-function-size): ten arguments are the contract with the engine
Status AttendGroup(const ChainConfig& chain, const GroupInput& input, const KeyIndex* index,
                   Isa isa, Scratch* scratch, float* output, size_t out_head_stride,
                   size_t out_query_stride, GroupStats* stats, MaskRecord* mask) {
  Status status = CheckChain(chain);
  if (status == Status::kOk) status = CheckInput(chain, input, index);
  if (status != Status::kOk) return status;
  try {
    Scratch::Buffers& buffers = scratch->buffers();
    buffers.queries.clear();
    buffers.outputs.clear();
    for (size_t i = 0; i < input.n_q; ++i) {
      for (size_t g = 0; g < input.group_size; ++g) {
        buffers.queries.push_back(input.queries + g * input.head_stride + i * input.query_stride);
        buffers.outputs.push_back(output + g * out_head_stride + i * out_query_stride);
      }
    }
    if (!chain.maskers.empty()) {
      return AttendSparse(chain, input, index, isa, &buffers, stats, mask);
    }
    status = AttendDense(input, isa, &buffers, buffers.outputs.data(), stats);
    if (status == Status::kOk && mask != nullptr) RecordDense(input, mask);
    return status;
  } catch (const std::bad_alloc&) {
    return Status::kOutOfMemory;
  }
}

}  // namespace sparsetune
