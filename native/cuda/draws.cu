#include "cuda/block_scan.cuh"
#include "cuda/check.cuh"
#include "cuda/philox.cuh"
#include "cuda/sampling.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 512;
constexpr unsigned kSlots = 2 * kThreads;
// What is known of a draw besides the number of another draw of its chunk.
constexpr uint32_t kFresh = 0xffffffffu;
constexpr uint32_t kRepeat = 0xfffffffeu;

struct DrawArgs {
  Draws draws;
  DrawCount count;
  DrawFrom from;
  KeySets drawn;
  uint32_t* ranks;
  float* log_weight;
};

/// Keys of a word that may be drawn.
__device__ __forceinline__ uint32_t FreeKeys(const DrawFrom& from, unsigned head, unsigned word) {
  const auto first = word * 32;
  if (first + 32 <= from.begin || first >= from.end) return 0;
  uint32_t free = ~LoadInput(from.kept.words + head * from.kept.stride + word);
  if (from.also_kept.words != nullptr) {
    free &= ~LoadInput(from.also_kept.words + head * from.also_kept.stride + word);
  }
  if (first < from.begin) free &= ~0u << (from.begin - first);
  if (first + 32 > from.end) free &= ~0u >> (first + 32 - from.end);
  return free;
}

__device__ __forceinline__ uint32_t WantedDraws(const DrawCount& count, unsigned head,
                                                uint32_t population) {
  if (count.counts != nullptr) return min(LoadInput(count.counts + head), population);
  if (count.rate == 0) return min(count.fixed, population);
  const auto wanted = static_cast<uint32_t>(count.rate * static_cast<double>(population));
  return min(max(wanted, 1u), population);
}

/// The number of draw `j`, uniform in [0, bound): DrawSequence::Below.
__device__ __forceinline__ uint32_t Draw(const Draws& draws, unsigned head, uint32_t j,
                                         uint32_t bound) {
  const uint32_t stream = static_cast<uint32_t>(draws.domain) << 16 | draws.layer;
  const uint4 block =
      PhiloxBlock(make_uint4(stream, draws.first_q_head + head, draws.position, j / 2), draws.seed);
  const uint32_t high = j % 2 == 0 ? block.x : block.z;
  const uint32_t low = j % 2 == 0 ? block.y : block.w;
  const uint64_t carry = static_cast<uint64_t>(high) * bound >> 32;
  return static_cast<uint32_t>((static_cast<uint64_t>(low) * bound + carry) >> 32);
}

/// The first thread of the chunk with each number.
struct FirstDraws {
  uint32_t* numbers;  ///< [kSlots] plus 1; 0: free
  uint32_t* threads;  ///< [kSlots]

  __device__ __forceinline__ unsigned Insert(uint32_t number) const {
    unsigned slot = (number * 0x9e3779b1u) >> 22;
    static_assert(kSlots == 1u << 10, "a hash of ten bits");
    while (true) {
      const uint32_t there = atomicCAS(&numbers[slot], 0u, number + 1);
      if (there == 0 || there == number + 1) break;
      slot = (slot + 1) % kSlots;
    }
    atomicMin(&threads[slot], threadIdx.x);
    return slot;
  }
};

/// Draws `n` of [0, population) into `bits`, which are clear: Floyd's method. Draw j is a number of
/// [0, last] for last = population - n + j, and stands for `last` where that number is taken. It is
/// taken if an earlier draw gave the same number, or if the draw whose `last` it is stands for it.
__device__ void DrawRanks(const DrawArgs& args, unsigned head, uint32_t population, uint32_t n,
                          uint32_t* bits) {
  SPARSETUNE_SHARED(uint32_t, numbers, kSlots);
  SPARSETUNE_SHARED(uint32_t, threads, kSlots);
  SPARSETUNE_SHARED(uint32_t, states, kThreads);
  const FirstDraws firsts = {numbers, threads};
  for (uint32_t chunk = 0; chunk < n; chunk += kThreads) {
    for (unsigned i = threadIdx.x; i < kSlots; i += kThreads) {
      numbers[i] = 0;
      threads[i] = kThreads;
    }
    __syncthreads();
    const uint32_t j = chunk + threadIdx.x;
    const bool is_drawing = j < n;
    const uint32_t last = population - n + j;
    uint32_t number = 0;
    unsigned slot = 0;
    if (is_drawing) {
      number = Draw(args.draws, head, j, last + 1);
      slot = firsts.Insert(number);
    }
    __syncthreads();
    uint32_t state = kFresh;
    if (is_drawing) {
      const uint32_t first_last = population - n + chunk;
      if (number >= first_last && number < last) state = number - first_last;
      const bool is_taken = (bits[number / 32] >> number % 32 & 1) != 0;
      if (is_taken || threads[slot] != threadIdx.x) state = kRepeat;
    }
    states[threadIdx.x] = state;
    __syncthreads();
    while (state < kThreads) state = states[state];
    const uint32_t chosen = state == kRepeat ? last : number;
    if (is_drawing) atomicOr(&bits[chosen / 32], 1u << chosen % 32);
    __syncthreads();
  }
}

/// Bits `at` .. `at` + 31; `n` of them exist.
__device__ __forceinline__ uint32_t BitsFrom(const uint32_t* bits, uint32_t at, unsigned n) {
  if (n == 0) return 0;
  const unsigned shift = at % 32;
  uint32_t word = bits[at / 32] >> shift;
  if (shift + n > 32) word |= bits[at / 32 + 1] << (32 - shift);
  return word;
}

/// Turns ranks among the free keys into keys; `ranks` null: all of them.
__device__ void WriteKeys(const DrawArgs& args, unsigned head, const uint32_t* ranks) {
  SPARSETUNE_SHARED(uint32_t, room, kThreads / 32);
  uint32_t* drawn = args.drawn.words + head * args.drawn.stride;
  uint32_t before = 0;
  for (unsigned first = 0; first < args.drawn.stride; first += kThreads) {
    const unsigned at = first + threadIdx.x;
    uint32_t free = at < args.drawn.stride ? FreeKeys(args.from, head, at) : 0;
    const auto n = static_cast<unsigned>(__popc(free));
    const Scanned scanned = ScanBlock<kThreads>(n, room);
    uint32_t chosen = free;
    if (ranks != nullptr) {
      uint32_t bits = BitsFrom(ranks, before + scanned.before, n);
      for (chosen = 0; free != 0; free &= free - 1, bits >>= 1) {
        if ((bits & 1) != 0) chosen |= free & (0 - free);
      }
    }
    if (at < args.drawn.stride) drawn[at] = chosen;
    before += scanned.total;
  }
}

/// Block: one head.
__global__ void __launch_bounds__(kThreads) DrawKernel(DrawArgs args) {
  SPARSETUNE_SHARED(uint32_t, room, kThreads / 32);
  const unsigned head = blockIdx.x;
  uint32_t n_free = 0;
  for (unsigned at = threadIdx.x; at < args.drawn.stride; at += kThreads) {
    n_free += static_cast<unsigned>(__popc(FreeKeys(args.from, head, at)));
  }
  const uint32_t population = ScanBlock<kThreads>(n_free, room).total;
  const uint32_t n = WantedDraws(args.count, head, population);
  if (threadIdx.x == 0 && args.log_weight != nullptr) {
    const double inverse = static_cast<double>(population) / static_cast<double>(n);
    args.log_weight[head] = n == population ? 0.0f : static_cast<float>(log(inverse));
  }
  if (n == population) return WriteKeys(args, head, nullptr);
  uint32_t* ranks = args.ranks + head * args.drawn.stride;
  for (unsigned i = threadIdx.x; i < (population + 31) / 32; i += kThreads) ranks[i] = 0;
  __syncthreads();
  DrawRanks(args, head, population, n, ranks);
  WriteKeys(args, head, ranks);
}

}  // namespace

Status DrawKeys(const Draws& draws, const DrawCount& count, const DrawFrom& from,
                const KeySets& drawn, uint32_t* scratch, float* log_weight, Stream stream) {
  if (drawn.n_q_heads == 0 || from.begin > from.end || from.end > 32 * drawn.stride ||
      from.kept.stride < drawn.stride) {
    return Status::kInvalidShape;
  }
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(drawn.n_q_heads);
  shape.block = kThreads;
  shape.stream = stream;
  const DrawArgs args = {draws, count, from, drawn, scratch, log_weight};
  LaunchKernel("DrawKeys", DrawKernel, shape, args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
