#pragma once

#include "cuda/block_scan.cuh"

namespace sparsetune::cuda {

// A block takes a row of scores as integers of the same order, from the highest digit down.

inline constexpr unsigned kRowThreads = 1024;
/// Values of a digit of 11 bits: two a thread.
inline constexpr unsigned kRowDigits = 2 * kRowThreads;

/// Scores of a row, 16-byte aligned.
struct Row {
  const float* scores;
  unsigned n;
  uint32_t flip = 0;  ///< the sign bit where the least score comes first
};

/// A float as an integer of the same order; -0 is +0.
__device__ __forceinline__ uint32_t Ordered(float score, uint32_t flip) {
  uint32_t bits = __float_as_uint(score) ^ flip;
  if (bits == 0x80000000u) bits = 0;
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

/// Four scores from `at` on, ordered; those beyond the row are the least, and not there.
struct Four {
  uint32_t keys[4];
  unsigned n;
};

__device__ __forceinline__ Four LoadFour(const Row& row, unsigned at) {
  Four four = {{0, 0, 0, 0}, at < row.n ? min(4u, row.n - at) : 0};
  if (four.n == 4) {
    const float4 scores = LoadInput(reinterpret_cast<const float4*>(row.scores + at));
    four.keys[0] = Ordered(scores.x, row.flip);
    four.keys[1] = Ordered(scores.y, row.flip);
    four.keys[2] = Ordered(scores.z, row.flip);
    four.keys[3] = Ordered(scores.w, row.flip);
    return four;
  }
  SPARSETUNE_UNROLLED
  for (unsigned i = 0; i < 4; ++i) {
    if (i < four.n) four.keys[i] = Ordered(LoadInput(row.scores + at + i), row.flip);
  }
  return four;
}

/// Where the largest keys end that together measure what is wanted.
template <typename Sum>
struct Cut {
  uint32_t prefix;  ///< of the last of them
  Sum need;         ///< wanted of the keys with that prefix; at least 1
};

/// Lengthens the prefix by the bits `shift` .. `shift` + 10.
///
/// @tparam kCopies     histograms side by side, so that lanes with equal digits seldom meet
/// @param  known_bits  of the prefix
/// @param  measure     of a key, a whole number: sums do not depend on their order
template <typename Sum, unsigned kCopies, typename Measure>
__device__ Cut<Sum> NextDigit(const Row& row, const Cut<Sum>& cut, unsigned shift,
                              uint32_t known_bits, const Measure& measure) {
  SPARSETUNE_SHARED(Sum, histogram, kRowDigits * kCopies);
  SPARSETUNE_SHARED(Sum, room, kRowThreads / 32);
  SPARSETUNE_SHARED(Cut<Sum>, next, 1);
  for (unsigned i = threadIdx.x; i < kRowDigits * kCopies; i += kRowThreads) histogram[i] = 0;
  __syncthreads();
#pragma unroll 4
  for (unsigned at = 4 * threadIdx.x; at < row.n; at += 4 * kRowThreads) {
    const Four four = LoadFour(row, at);
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) {
      if (i >= four.n || (four.keys[i] & known_bits) != cut.prefix) continue;
      const unsigned digit = four.keys[i] >> shift & (kRowDigits - 1);
      atomicAdd(&histogram[digit * kCopies + threadIdx.x % kCopies], measure(four.keys[i]));
    }
  }
  __syncthreads();
  // Two digits a thread, from the highest down.
  const unsigned high = kRowDigits - 1 - 2 * threadIdx.x;
  Sum of_high = 0;
  Sum of_low = 0;
  SPARSETUNE_UNROLLED
  for (unsigned c = 0; c < kCopies; ++c) {
    of_high += histogram[high * kCopies + c];
    of_low += histogram[(high - 1) * kCopies + c];
  }
  const Sum before = ScanBlock<kRowThreads>(of_high + of_low, room).before;
  if (before < cut.need && cut.need <= before + of_high + of_low) {
    const bool is_high = cut.need <= before + of_high;
    const unsigned digit = is_high ? high : high - 1;
    next[0] = {cut.prefix | digit << shift, cut.need - before - (is_high ? Sum{0} : of_high)};
  }
  __syncthreads();
  return next[0];
}

/// All bits of the cut that leaves `need` of the whole row.
template <typename Sum, unsigned kCopies, typename Measure>
__device__ __forceinline__ Cut<Sum> FindCut(const Row& row, Sum need, const Measure& measure) {
  Cut<Sum> cut = {0, need};
  cut = NextDigit<Sum, kCopies>(row, cut, 21, 0, measure);
  cut = NextDigit<Sum, kCopies>(row, cut, 10, 0xffe00000u, measure);
  return NextDigit<Sum, kCopies>(row, cut, 0, 0xfffffc00u, measure);
}

/// Writes the indices above a key, and the first `need` of those at it, ascending; returns how many
/// there are, of which `need` are taken for granted.
__device__ __forceinline__ unsigned Collect(const Row& row, uint32_t last, unsigned need,
                                            uint32_t* indices) {
  SPARSETUNE_SHARED(uint32_t, room, kRowThreads / 32);
  unsigned n_above = 0;
  unsigned n_ties = 0;
  for (unsigned chunk = 0; chunk < row.n; chunk += 4 * kRowThreads) {
    const unsigned at = chunk + 4 * threadIdx.x;
    const Four four = LoadFour(row, at);
    uint32_t counts = 0;  // ties in the upper half
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) {
      if (i >= four.n) continue;
      counts += four.keys[i] > last ? 1 : 0;
      counts += four.keys[i] == last ? 0x10000u : 0;
    }
    const Scanned<uint32_t> scanned = ScanBlock<kRowThreads>(counts, room);
    unsigned above = n_above + (scanned.before & 0xffffu);
    unsigned ties = n_ties + (scanned.before >> 16);
    SPARSETUNE_UNROLLED
    for (unsigned i = 0; i < 4; ++i) {
      if (i >= four.n || four.keys[i] < last) continue;
      const bool is_tie = four.keys[i] == last;
      if (!is_tie || ties < need) indices[above + min(ties, need)] = at + i;
      above += is_tie ? 0 : 1;
      ties += is_tie ? 1 : 0;
    }
    n_above += scanned.total & 0xffffu;
    n_ties += scanned.total >> 16;
  }
  return n_above + need;
}

}  // namespace sparsetune::cuda
