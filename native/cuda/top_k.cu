#include "cuda/block_scan.cuh"
#include "cuda/check.cuh"
#include "cuda/top_k.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 1024;
constexpr unsigned kDigits = 2048;
/// Histograms side by side, so that lanes with equal digits seldom meet.
constexpr unsigned kCopies = 4;

struct TopKArgs {
  ScoreRows rows;
  unsigned k;  ///< 1..n
  uint32_t* indices;
  uint32_t* has_nan;
};

/// A float as an integer of the same order.
__device__ __forceinline__ uint32_t Ordered(float score) {
  uint32_t bits = __float_as_uint(score);
  if (bits == 0x80000000u) bits = 0;
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

/// Four scores from `at` on, ordered; those beyond the row are the least, and not there.
struct Four {
  uint32_t keys[4];
  unsigned n;
};

__device__ __forceinline__ Four LoadFour(const float* row, unsigned at, unsigned n) {
  Four four = {{0, 0, 0, 0}, at < n ? min(4u, n - at) : 0};
  if (four.n == 4) {
    const float4 scores = LoadInput(reinterpret_cast<const float4*>(row + at));
    four.keys[0] = Ordered(scores.x);
    four.keys[1] = Ordered(scores.y);
    four.keys[2] = Ordered(scores.z);
    four.keys[3] = Ordered(scores.w);
    return four;
  }
  SPARSETUNE_UNROLLED
  for (unsigned i = 0; i < 4; ++i) {
    if (i < four.n) four.keys[i] = Ordered(LoadInput(row + at + i));
  }
  return four;
}

/// A prefix of the k-th largest key, and how many with that prefix are to be taken.
struct Cut {
  uint32_t prefix;
  unsigned need;
};

/// Lengthens the prefix by the bits `shift` .. `shift` + 10.
__device__ Cut NextDigit(const TopKArgs& args, const float* row, const Cut& cut, unsigned shift,
                         uint32_t known_bits) {
  SPARSETUNE_SHARED(uint32_t, histogram, kDigits * kCopies);
  SPARSETUNE_SHARED(uint32_t, room, kThreads / 32);
  SPARSETUNE_SHARED(Cut, next, 1);
  for (unsigned i = threadIdx.x; i < kDigits * kCopies; i += kThreads) histogram[i] = 0;
  __syncthreads();
  const auto n = static_cast<unsigned>(args.rows.n);
#pragma unroll 4
  for (unsigned at = 4 * threadIdx.x; at < n; at += 4 * kThreads) {
    const Four four = LoadFour(row, at, n);
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) {
      if (i >= four.n || (four.keys[i] & known_bits) != cut.prefix) continue;
      const unsigned digit = four.keys[i] >> shift & (kDigits - 1);
      atomicAdd(&histogram[digit * kCopies + threadIdx.x % kCopies], 1u);
    }
  }
  __syncthreads();
  // Two digits a thread, from the highest down.
  const unsigned high = kDigits - 1 - 2 * threadIdx.x;
  uint32_t of_high = 0;
  uint32_t of_low = 0;
  SPARSETUNE_UNROLLED
  for (unsigned c = 0; c < kCopies; ++c) {
    of_high += histogram[high * kCopies + c];
    of_low += histogram[(high - 1) * kCopies + c];
  }
  const uint32_t before = ScanBlock<kThreads>(of_high + of_low, room).before;
  if (before < cut.need && cut.need <= before + of_high + of_low) {
    const bool is_high = cut.need <= before + of_high;
    const unsigned digit = is_high ? high : high - 1;
    next[0] = {cut.prefix | digit << shift, cut.need - before - (is_high ? 0 : of_high)};
  }
  __syncthreads();
  return next[0];
}

/// Writes the indices above the cut, and the first `need` of those at it.
__device__ void Collect(const TopKArgs& args, const float* row, const Cut& cut, uint32_t* indices) {
  SPARSETUNE_SHARED(uint32_t, room, kThreads / 32);
  const auto n = static_cast<unsigned>(args.rows.n);
  unsigned n_above = 0;
  unsigned n_ties = 0;
  for (unsigned chunk = 0; chunk < n; chunk += 4 * kThreads) {
    const unsigned at = chunk + 4 * threadIdx.x;
    const Four four = LoadFour(row, at, n);
    uint32_t counts = 0;  // ties in the upper half
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) {
      if (i >= four.n) continue;
      counts += four.keys[i] > cut.prefix ? 1 : 0;
      counts += four.keys[i] == cut.prefix ? 0x10000u : 0;
    }
    const Scanned scanned = ScanBlock<kThreads>(counts, room);
    unsigned above = n_above + (scanned.before & 0xffffu);
    unsigned ties = n_ties + (scanned.before >> 16);
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) {
      if (i >= four.n || four.keys[i] < cut.prefix) continue;
      const bool is_tie = four.keys[i] == cut.prefix;
      if (!is_tie || ties < cut.need) indices[above + min(ties, cut.need)] = at + i;
      above += is_tie ? 0 : 1;
      ties += is_tie ? 1 : 0;
    }
    n_above += scanned.total & 0xffffu;
    n_ties += scanned.total >> 16;
  }
}

/// Block: one row.
__global__ void __launch_bounds__(kThreads) TopKKernel(TopKArgs args) {
  const float* row = args.rows.scores + blockIdx.x * args.rows.stride;
  const auto n = static_cast<unsigned>(args.rows.n);
  bool has_nan = false;
  for (unsigned i = threadIdx.x; i < n; i += kThreads) {
    const float score = LoadInput(row + i);
    has_nan = has_nan || score != score;
  }
  if (has_nan) atomicOr(args.has_nan, 1u);
  Cut cut = {0, args.k};
  cut = NextDigit(args, row, cut, 21, 0);
  cut = NextDigit(args, row, cut, 10, 0xffe00000u);
  cut = NextDigit(args, row, cut, 0, 0xfffffc00u);
  Collect(args, row, cut, args.indices + static_cast<size_t>(blockIdx.x) * args.k);
}

}  // namespace

Status TopK(const ScoreRows& rows, size_t k, uint32_t* indices, uint32_t* has_nan, Stream stream) {
  if (rows.n > rows.stride || rows.stride % 4 != 0 || rows.n > size_t{1} << 31) {
    return Status::kInvalidShape;
  }
  if (rows.n == 0 || rows.n_rows == 0 || k == 0) return Status::kOk;
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(rows.n_rows);
  shape.block = kThreads;
  shape.stream = stream;
  const TopKArgs args = {rows, static_cast<unsigned>(k < rows.n ? k : rows.n), indices, has_nan};
  LaunchKernel("TopK", TopKKernel, shape, args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
