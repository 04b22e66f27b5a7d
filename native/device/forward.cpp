#if defined(SPARSETUNE_HAS_CUDA)

#include "device/forward.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "device/failure.h"
#include "device/position.h"

namespace sparsetune::device {
namespace {

/// Between [n_q_heads, n_q, head_dim] of the caller and [n_q, n_q_heads, head_dim].
template <typename Copy>
void ForEachRow(const CallShape& shape, const Copy& copy) {
  for (size_t head = 0; head < shape.n_q_heads(); ++head) {
    for (size_t i = 0; i < shape.n_q; ++i) {
      copy((head * shape.n_q + i) * shape.head_dim,
           (i * shape.n_q_heads() + head) * shape.head_dim);
    }
  }
}

/// The mask of a call, row by row as positions are done.
class MaskRows {
 public:
  explicit MaskRows(const CallShape& shape)
      : shape_(shape), indices_(shape.n_q_heads() * shape.n_q), probs_(indices_.size()) {}

  /// Reads what the heads keep at position `i`; waits for it.
  void Read(const ChainCall& call, const PositionSummary& summary, size_t i);
  void Join(MaskRecord* mask) const;

 private:
  void AddRun(size_t row, size_t begin, size_t end) {
    for (size_t key = begin; key < end; ++key) Add(row, static_cast<uint32_t>(key), 1.0f);
  }
  void Add(size_t row, uint32_t key, float prob) {
    indices_[row].push_back(key);
    probs_[row].push_back(prob);
  }

  const CallShape& shape_;
  std::vector<std::vector<uint32_t>> indices_;  // by row (query head, position)
  std::vector<std::vector<float>> probs_;
};

void MaskRows::Read(const ChainCall& call, const PositionSummary& summary, size_t i) {
  const size_t stride = shape_.list_stride();
  std::vector<uint32_t> counts(shape_.n_kv_heads);
  std::vector<uint32_t> keys;
  std::vector<float> weights;
  if (summary.has_lists) {
    keys.resize(shape_.n_kv_heads * stride);
    weights.resize(shape_.n_q_heads() * stride);
    const auto read = [&](auto* to, const cuda::DeviceBuffer& from, size_t n) {
      Check(cuda::CopyToHost(to, from.as<void>(), n * sizeof *to, call.stream));
    };
    read(counts.data(), call.work.lists.counts, counts.size());
    read(keys.data(), call.work.lists.indices, keys.size());
    read(weights.data(), call.work.weights, weights.size());
    Check(cuda::Synchronise(call.stream));
  }
  for (size_t head = 0; head < shape_.n_q_heads(); ++head) {
    const size_t row = head * shape_.n_q + i;
    const size_t kv_head = head / shape_.group_size;
    AddRun(row, 0, summary.sink_end);
    for (size_t k = 0; k < counts[kv_head]; ++k) {
      const float weight = weights[head * stride + k];
      if (weight == -std::numeric_limits<float>::infinity()) continue;
      Add(row, keys[kv_head * stride + k],
          std::max(std::exp(-weight), std::numeric_limits<float>::denorm_min()));
    }
    AddRun(row, summary.local_begin, summary.n_visible);
  }
}

void MaskRows::Join(MaskRecord* mask) const {
  mask->indptr.push_back(0);
  for (size_t row = 0; row < indices_.size(); ++row) {
    mask->indices.insert(mask->indices.end(), indices_[row].begin(), indices_[row].end());
    mask->probs.insert(mask->probs.end(), probs_[row].begin(), probs_[row].end());
    mask->indptr.push_back(mask->indices.size());
  }
}

/// Keys of [begin, end) whose rows were not read to choose.
size_t NotScored(const PositionSummary& summary, size_t begin, size_t end) {
  const size_t from = std::max(begin, summary.scored_begin);
  const size_t to = std::min(end, summary.scored_end);
  return end - begin - (from < to ? to - from : 0);
}

/// What one position kept and read, as CountStats of the CPU counts it.
void AddStats(const CallShape& shape, size_t row_bytes, const PositionSummary& summary,
              uint32_t* counts_of_position, GroupStats* stats) {
  const PositionCounts counts = PositionCounts::Of(counts_of_position, shape);
  const size_t n_last = summary.n_visible - summary.local_begin;
  const size_t n_runs = summary.sink_end + n_last;
  uint64_t attended = shape.n_q_heads() * n_runs;
  for (size_t head = 0; head < shape.n_q_heads(); ++head) attended += counts.of_heads[head];
  stats->attended += attended;
  stats->visible += shape.n_q_heads() * summary.n_visible;
  stats->rows += shape.n_q_heads();
  stats->density_sum += static_cast<double>(attended) / static_cast<double>(summary.n_visible);
  const size_t n_scored = summary.scored_end - summary.scored_begin;
  const size_t runs_not_scored = NotScored(summary, 0, summary.sink_end) +
                                 NotScored(summary, summary.local_begin, summary.n_visible);
  for (size_t head = 0; head < shape.n_kv_heads; ++head) {
    const size_t n_listed = counts.united[head];
    // Listed keys were all scored, where any were.
    const size_t listed_not_scored = n_scored > 0 ? 0 : n_listed;
    const size_t key_rows = counts.ranked[head] + n_scored + listed_not_scored + runs_not_scored;
    stats->bytes_read += summary.index_bytes + counts.looked_up[head] +
                         counts.found[head] * sizeof(float) +
                         (key_rows + n_runs + n_listed) * row_bytes;
  }
}

/// Sizes of a call over `n_kv` keys.
CallShape ShapeOf(const ForwardInput& input, const CachedKeys& keys, size_t n_kv,
                  size_t n_multiprocessors) {
  CallShape shape;
  shape.n_kv_heads = keys.rows.n_kv_heads;
  shape.group_size = input.n_q_heads / shape.n_kv_heads;
  shape.head_dim = keys.rows.head_dim;
  shape.n_q = input.n_q;
  shape.n_kv = n_kv;
  shape.n_splits = cuda::AttendSplitCount(n_kv, shape.n_kv_heads, n_multiprocessors);
  return shape;
}

}  // namespace

void ReserveFor(const ForwardInput& input, const CachedKeys& keys, Workspace* work) {
  work->Reserve(ShapeOf(input, keys, keys.n_allocated, cuda::MultiprocessorCount()));
}

void AttendOnDevice(const ForwardInput& input, const CachedKeys& keys,
                    const std::vector<const KeyState*>& states, const DeviceRows& rows,
                    Workspace* work, float* host_output, GroupStats* stats, MaskRecord* mask) {
  const size_t n_multiprocessors = cuda::MultiprocessorCount();
  const CallShape shape = ShapeOf(input, keys, keys.n, n_multiprocessors);
  ReserveFor(input, keys, work);
  std::vector<uint32_t> counts(shape.n_q * shape.n_counts());
  Check(cuda::Clear(work->counts.as<void>(), counts.size() * sizeof(uint32_t), keys.stream));
  Check(cuda::Clear(work->has_nan.as<void>(), sizeof(uint32_t), keys.stream));
  const ChainCall call = {input.chain, states,      shape,       rows,
                          keys.rows,   input.scale, input.layer, n_multiprocessors,
                          *work,       keys.stream};
  std::vector<PositionSummary> summaries;
  MaskRows mask_rows(shape);
  for (size_t i = 0; i < shape.n_q; ++i) {
    summaries.push_back(AttendPosition(call, i));
    if (mask != nullptr) mask_rows.Read(call, summaries.back(), i);
  }
  uint32_t has_nan = 0;
  if (host_output != nullptr) {
    Check(cuda::CopyToHost(host_output, rows.output, shape.n_q * shape.row_floats() * sizeof(float),
                           keys.stream));
  }
  Check(cuda::CopyToHost(counts.data(), work->counts.as<void>(), counts.size() * sizeof(uint32_t),
                         keys.stream));
  Check(cuda::CopyToHost(&has_nan, work->has_nan.as<void>(), sizeof has_nan, keys.stream));
  Check(cuda::Synchronise(keys.stream));
  if (has_nan != 0) throw DeviceFailure{Status::kInvalidArgument};
  const size_t row_bytes = shape.head_dim * DtypeBytes(keys.rows.dtype);
  for (size_t i = 0; i < shape.n_q; ++i) {
    AddStats(shape, row_bytes, summaries[i], counts.data() + i * shape.n_counts(), stats);
  }
  if (mask != nullptr) mask_rows.Join(mask);
}

void ForwardOnDevice(const ForwardInput& input, const CachedKeys& keys,
                     const std::vector<const KeyState*>& states, Workspace* work,
                     ForwardOutput* result) {
  const CallShape shape = ShapeOf(input, keys, keys.n, 1);
  const size_t n_floats = shape.n_q * shape.row_floats();
  ReserveFor(input, keys, work);
  std::vector<float> rows(n_floats);
  ForEachRow(shape, [&](size_t of_caller, size_t here) {
    std::copy_n(input.queries + of_caller, shape.head_dim, rows.data() + here);
  });
  Check(cuda::CopyToDevice(work->queries.as<void>(), rows.data(), n_floats * sizeof(float),
                           keys.stream));
  const DeviceRows on_device = {work->queries.as<float>(), shape.row_floats(),
                                work->output.as<float>(), shape.row_floats()};
  AttendOnDevice(input, keys, states, on_device, work, rows.data(), &result->stats,
                 input.wants_mask ? &result->mask : nullptr);
  result->output.resize(n_floats);
  ForEachRow(shape, [&](size_t of_caller, size_t here) {
    std::copy_n(rows.data() + here, shape.head_dim, result->output.data() + of_caller);
  });
}

}  // namespace sparsetune::device

#endif
