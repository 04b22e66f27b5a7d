#include <algorithm>

#include "cuda/attend.h"
#include "cuda/attend_launch.cuh"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kMergeThreads = 128;
constexpr size_t kMinSplitRows = 64;

struct MergeArgs {
  AttendPartials partials;
  unsigned head_dim;
  float* output;
  float* log_sums;
};

/// Block: one query head.
__global__ void __launch_bounds__(kMergeThreads) MergeKernel(MergeArgs args) {
  const AttendPartials& in = args.partials;
  const size_t first = blockIdx.x * in.n_splits;
  float max = -INFINITY;
  for (unsigned s = 0; s < in.n_splits; ++s) max = fmaxf(max, LoadInput(in.max + first + s));
  for (unsigned channel = threadIdx.x; channel < args.head_dim; channel += kMergeThreads) {
    float sum = 0;
    float value = 0;
    for (unsigned s = 0; s < in.n_splits; ++s) {
      const float of_split = LoadInput(in.max + first + s);
      if (of_split == -INFINITY) continue;
      const float factor = __expf(of_split - max);
      sum += factor * LoadInput(in.sum + first + s);
      value += factor * LoadInput(in.values + (first + s) * args.head_dim + channel);
    }
    args.output[static_cast<size_t>(blockIdx.x) * args.head_dim + channel] =
        sum > 0 ? value / sum : 0.0f;
    if (channel == 0 && args.log_sums != nullptr) {
      args.log_sums[blockIdx.x] = sum > 0 ? max + logf(sum) : -INFINITY;
    }
  }
}

bool AreLists(const Queries& queries, const AttendRows& rows) {
  const KeyLists& lists = rows.lists;
  if (lists.indices == nullptr) return lists.log_weights == nullptr;
  const size_t n_kv_heads = rows.kv.n_kv_heads;
  return lists.counts != nullptr &&
         (lists.n == n_kv_heads || lists.n == n_kv_heads * queries.group_size);
}

bool AreRanges(const KeyRanges& ranges) {
  return ranges.sink_end <= ranges.local_begin && ranges.local_begin <= ranges.n_visible &&
         ranges.n_visible <= 0xffffffffu;
}

}  // namespace

size_t AttendSplitCount(size_t n_rows, size_t n_lists, size_t n_multiprocessors) {
  const size_t wanted = (2 * n_multiprocessors + n_lists - 1) / n_lists;
  return std::clamp<size_t>(n_rows / kMinSplitRows, 1, std::max<size_t>(wanted, 1));
}

Status Attend(const Queries& queries, const AttendRows& rows, float scale,
              const AttendPartials& partials, Stream stream) {
  const bool is_group = queries.group_size >= 1 && queries.group_size <= kMaxGroup;
  if (!is_group) return Status::kUnsupported;
  if (rows.kv.n_kv_heads == 0 || partials.n_splits == 0 || !AreLists(queries, rows) ||
      !AreRanges(rows.ranges)) {
    return Status::kInvalidShape;
  }
  const bool by_head = rows.lists.indices != nullptr && rows.lists.n != rows.kv.n_kv_heads;
  AttendArgs args = {queries.rows, rows, scale, static_cast<unsigned>(queries.group_size), 1,
                     partials};
  if (by_head) {
    args.lists_per_head = args.group_size;
    args.group_size = 1;
  }
  const size_t n_lists = by_head ? rows.lists.n : rows.kv.n_kv_heads;
  LaunchShape shape;
  shape.grid = dim3(static_cast<unsigned>(partials.n_splits), static_cast<unsigned>(n_lists));
  shape.block = kAttendThreads;
  shape.stream = stream;
  if (rows.kv.dtype == Dtype::kF32) return LaunchAttendF32(args, shape);
  if (rows.kv.dtype == Dtype::kF16) return LaunchAttendF16(args, shape);
  return LaunchAttendBf16(args, shape);
}

Status AttendMerge(const AttendPartials& partials, size_t n_q_heads, size_t head_dim, float* output,
                   float* log_sums, Stream stream) {
  if (partials.n_splits == 0 || n_q_heads == 0 || head_dim == 0) return Status::kInvalidShape;
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(n_q_heads);
  shape.block = kMergeThreads;
  shape.stream = stream;
  const MergeArgs args = {partials, static_cast<unsigned>(head_dim), output, log_sums};
  LaunchKernel("AttendMerge", MergeKernel, shape, args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
