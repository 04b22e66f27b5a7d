#include <cmath>

#include "cuda/check.cuh"
#include "cuda/ordered_rows.cuh"
#include "cuda/top_k.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kCopies = 2;
constexpr unsigned kWarps = kRowThreads / 32;

/// Softmax mass in units of 1 / TopPArgs::unit: sums of whole numbers come out the same in any
/// order of the threads.
using Mass = unsigned long long;

struct TopPArgs {
  ScoreRows rows;
  float scale;  ///< its magnitude
  float unit;
  double top_p;
  uint32_t flip;
  uint32_t* indices;
  uint32_t* counts;
  uint32_t* is_bad;
};

__device__ __forceinline__ float Unordered(uint32_t key) {
  return __uint_as_float((key & 0x80000000u) != 0 ? key ^ 0x80000000u : ~key);
}

/// exp(scale * (score - largest score)), 1 for the largest.
struct Weight {
  float largest;
  float scale;
  float unit;

  __device__ __forceinline__ Mass operator()(uint32_t key) const {
    const float weight = expf((Unordered(key) - largest) * scale);
    return weight > 0 ? static_cast<Mass>(weight * unit) : 0;
  }
};

/// The largest key, or 0 where a score is not finite; the same for every thread of the block.
__device__ uint32_t LargestKey(const Row& row) {
  SPARSETUNE_SHARED(uint32_t, room, kWarps);
  uint32_t largest = 0;
  bool is_bad = false;
  for (unsigned at = 4 * threadIdx.x; at < row.n; at += 4 * kRowThreads) {
    const Four four = LoadFour(row, at);
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) {
      if (i >= four.n) continue;
      is_bad = is_bad || (__float_as_uint(Unordered(four.keys[i])) & 0x7f800000u) == 0x7f800000u;
      largest = max(largest, four.keys[i]);
    }
  }
  largest = __reduce_max_sync(kAllLanes, largest);
  if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = largest;
  if (__syncthreads_or(is_bad) != 0) return 0;
  return __reduce_max_sync(kAllLanes, room[threadIdx.x % 32]);
}

/// Of the whole row; the same for every thread of the block.
__device__ Mass Total(const Row& row, const Weight& weight) {
  SPARSETUNE_SHARED(Mass, room, kWarps);
  Mass sum = 0;
  for (unsigned at = 4 * threadIdx.x; at < row.n; at += 4 * kRowThreads) {
    const Four four = LoadFour(row, at);
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) sum += i < four.n ? weight(four.keys[i]) : 0;
  }
  return ScanBlock<kRowThreads>(sum, room).total;
}

/// Block: one row.
__global__ void __launch_bounds__(kRowThreads) TopPKernel(TopPArgs args) {
  const Row row = {args.rows.scores + blockIdx.x * args.rows.stride,
                   static_cast<unsigned>(args.rows.n), args.flip};
  const uint32_t largest = LargestKey(row);
  unsigned n_kept = 0;
  if (largest == 0) {
    if (threadIdx.x == 0) atomicOr(args.is_bad, 1u);
  } else {
    const Weight weight = {Unordered(largest), args.scale, args.unit};
    const Mass total = Total(row, weight);
    const double wanted = ceil(args.top_p * static_cast<double>(total));
    const Mass need = wanted < 1 ? 1 : min(static_cast<Mass>(wanted), total);
    const Cut<Mass> cut = FindCut<Mass, kCopies>(row, need, weight);
    // Of equal scores as many as hold what is missing.
    const Mass of_one = weight(cut.prefix);
    n_kept = Collect(row, cut.prefix, static_cast<unsigned>((cut.need + of_one - 1) / of_one),
                     args.indices + blockIdx.x * args.rows.n);
  }
  if (threadIdx.x == 0) args.counts[blockIdx.x] = n_kept;
}

}  // namespace

Status TopP(const ScoreRows& rows, float scale, double top_p, uint32_t* indices, uint32_t* counts,
            uint32_t* is_bad, Stream stream) {
  if (!AreRows(rows) || rows.n == 0) return Status::kInvalidShape;
  if (!(top_p >= 0 && top_p <= 1)) return Status::kInvalidArgument;
  if (rows.n_rows == 0) return Status::kOk;
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(rows.n_rows);
  shape.block = kRowThreads;
  shape.stream = stream;
  TopPArgs args = {};
  args.rows = rows;
  args.scale = std::fabs(scale);
  // As large as the mass of a row of equal scores allows.
  int bits = 62;
  while (bits > 31 && rows.n >> (62 - bits) != 0) --bits;
  args.unit = std::ldexp(1.0f, bits);
  args.top_p = top_p;
  args.flip = scale < 0 ? 0x80000000u : 0;
  args.indices = indices;
  args.counts = counts;
  args.is_bad = is_bad;
  LaunchKernel("TopP", TopPKernel, shape, args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
