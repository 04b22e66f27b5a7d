#include "maskers/dense.h"

#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

/// The rows query `i` sees besides `common`.
Status AttendRest(const GroupInput& input, size_t i, VisibleKeys common, Isa isa,
                  const AttendQueries& all, AttendState* state) {
  const size_t first = i * input.group_size;
  const AttendQueries queries = {all.rows + first, input.group_size, all.head_dim, all.scale};
  AttendState own = StateFrom(*state, first, all.head_dim);
  const VisibleKeys visible = VisibleTo(input, i);
  if (common.begin >= common.end) return AttendRun(queries, input.kv, visible, isa, &own);
  const Status status = AttendRun(queries, input.kv, {visible.begin, common.begin}, isa, &own);
  if (status != Status::kOk) return status;
  return AttendRun(queries, input.kv, {common.end, visible.end}, isa, &own);
}

}  // namespace

AttendState StateFrom(const AttendState& state, size_t first, size_t head_dim) {
  return {state.max + first, state.sum + first, state.values + first * head_dim};
}

VisibleKeys VisibleTo(const GroupInput& input, size_t i) {
  const size_t end = input.kv.n_kv() - input.n_q + i + 1;
  const bool is_cut = input.window != 0 && input.window < end;
  return {is_cut ? end - input.window : 0, end};
}

AttendState BeginState(size_t n, size_t head_dim, Scratch::Buffers* buffers) {
  buffers->max.resize(n);
  buffers->sum.resize(n);
  buffers->values.resize(n * head_dim);
  AttendState state = {buffers->max.data(), buffers->sum.data(), buffers->values.data()};
  AttendBegin(n, head_dim, &state);
  return state;
}

Status AttendRun(const AttendQueries& queries, const KvView& kv, VisibleKeys keys, Isa isa,
                 AttendState* state) {
  for (const KvRun& run : SplitRun(kv, keys.begin, keys.end)) {
    if (run.n == 0) continue;
    AttendRows rows;
    rows.keys = run.keys;
    rows.values = run.values;
    rows.dtype = kv.dtype;
    rows.n = run.n;
    const Status status = AttendAdd(queries, rows, isa, state);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

Status AttendDense(const GroupInput& input, Isa isa, Scratch::Buffers* buffers,
                   float* const* outputs, GroupStats* stats) {
  const KvView& kv = input.kv;
  const size_t n = input.n_q * input.group_size;
  AttendState state = BeginState(n, kv.head_dim, buffers);
  const AttendQueries all = {buffers->queries.data(), n, kv.head_dim, input.scale};
  const VisibleKeys common = {VisibleTo(input, input.n_q - 1).begin, VisibleTo(input, 0).end};
  Status status = Status::kOk;
  if (common.begin < common.end) status = AttendRun(all, kv, common, isa, &state);
  for (size_t i = 0; i < input.n_q; ++i) {
    if (status != Status::kOk) return status;
    status = AttendRest(input, i, common, isa, all, &state);
    const VisibleKeys visible = VisibleTo(input, i);
    const uint64_t n_keys = visible.end - visible.begin;
    stats->attended += n_keys * input.group_size;
    stats->visible += n_keys * input.group_size;
    stats->rows += input.group_size;
    stats->density_sum += static_cast<double>(input.group_size);
    stats->bytes_read += n_keys * 2 * kv.head_dim * DtypeBytes(kv.dtype);
  }
  AttendEnd(state, n, kv.head_dim, outputs);
  return status;
}

}  // namespace sparsetune
