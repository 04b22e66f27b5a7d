#include <algorithm>

#include "cuda/block_scan.cuh"
#include "cuda/check.cuh"
#include "cuda/selection.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = kSetChunkWords;

struct AddArgs {
  KeyLists lists;
  unsigned n;
  unsigned offset;
  KeySets sets;
};

/// Block (chunk of a list, head).
__global__ void __launch_bounds__(kThreads) AddKernel(AddArgs args) {
  const unsigned head = blockIdx.y;
  const unsigned n = args.lists.counts == nullptr ? args.n : LoadInput(args.lists.counts + head);
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= n) return;
  const unsigned key = LoadInput(args.lists.indices + head * args.lists.stride + i) + args.offset;
  atomicOr(args.sets.words + head * args.sets.stride + key / 32, 1u << key % 32);
}

struct BetweenArgs {
  KeySets sets;
  size_t begin;
  size_t end;
  KeySets kept;
};

/// Block (chunk of words, head).
__global__ void __launch_bounds__(kThreads) BetweenKernel(BetweenArgs args) {
  const unsigned at = blockIdx.x * kThreads + threadIdx.x;
  if (at >= args.sets.stride) return;
  const size_t first = static_cast<size_t>(at) * 32;
  uint32_t inside = first + 32 <= args.begin || first >= args.end ? 0 : ~0u;
  if (first < args.begin && inside != 0) inside &= ~0u << (args.begin - first);
  if (first + 32 > args.end && inside != 0) inside &= ~0u >> (first + 32 - args.end);
  if (args.kept.words != nullptr) {
    inside &= ~LoadInput(args.kept.words + blockIdx.y * args.kept.stride + at);
  }
  args.sets.words[blockIdx.y * args.sets.stride + at] &= inside;
}

struct ListArgs {
  KeySets sets;
  unsigned group_size;
  unsigned n_chunks;
  uint32_t* chunk_counts;
  uint32_t* indices;
  size_t stride;
  uint32_t* counts;
};

/// The thread's word of the union of a group's sets.
__device__ __forceinline__ uint32_t UnitedWord(const ListArgs& args, unsigned at) {
  uint32_t word = 0;
  if (at >= args.sets.stride) return word;
  for (unsigned g = 0; g < args.group_size; ++g) {
    const size_t head = static_cast<size_t>(blockIdx.y) * args.group_size + g;
    word |= LoadInput(args.sets.words + head * args.sets.stride + at);
  }
  return word;
}

/// Block (chunk of words, list).
__global__ void __launch_bounds__(kThreads) CountKernel(ListArgs args) {
  SPARSETUNE_SHARED(uint32_t, room, kThreads / 32);
  const uint32_t word = UnitedWord(args, blockIdx.x * kThreads + threadIdx.x);
  const uint32_t total = ScanBlock<kThreads>(__popc(word), room).total;
  if (threadIdx.x == 0) args.chunk_counts[blockIdx.y * args.n_chunks + blockIdx.x] = total;
}

/// Block (chunk of words, list).
__global__ void __launch_bounds__(kThreads) ListKernel(ListArgs args) {
  SPARSETUNE_SHARED(uint32_t, room, kThreads / 32);
  uint32_t before = 0;
  uint32_t all = 0;
  const uint32_t* chunks = args.chunk_counts + blockIdx.y * args.n_chunks;
  for (unsigned first = 0; first < args.n_chunks; first += kThreads) {
    const unsigned chunk = first + threadIdx.x;
    const uint32_t n = chunk < args.n_chunks ? LoadInput(chunks + chunk) : 0;
    before += ScanBlock<kThreads>(chunk < blockIdx.x ? n : 0, room).total;
    all += ScanBlock<kThreads>(n, room).total;
  }
  const unsigned at = blockIdx.x * kThreads + threadIdx.x;
  uint32_t word = UnitedWord(args, at);
  uint32_t place = before + ScanBlock<kThreads>(__popc(word), room).before;
  uint32_t* out = args.indices + blockIdx.y * args.stride;
  for (; word != 0; word &= word - 1) out[place++] = at * 32 + __ffs(static_cast<int>(word)) - 1;
  if (blockIdx.x == 0 && threadIdx.x == 0) args.counts[blockIdx.y] = all;
}

struct SpreadArgs {
  KeyLists lists;
  unsigned group_size;
  KeySets certain;
  KeySets drawn;
  const float* sampled;
  float* log_weights;
};

__device__ __forceinline__ bool Holds(const KeySets& sets, unsigned head, unsigned key) {
  if (sets.words == nullptr) return false;
  return (LoadInput(sets.words + head * sets.stride + key / 32) >> key % 32 & 1) != 0;
}

/// Block (chunk of a list, head).
__global__ void __launch_bounds__(kThreads) SpreadKernel(SpreadArgs args) {
  const unsigned head = blockIdx.y;
  const unsigned list = head / args.group_size;
  const unsigned n = LoadInput(args.lists.counts + list);
  for (unsigned i = blockIdx.x * kThreads + threadIdx.x; i < n; i += gridDim.x * kThreads) {
    const unsigned key = LoadInput(args.lists.indices + list * args.lists.stride + i);
    float weight = -INFINITY;
    const bool is_drawn = Holds(args.drawn, head, key);
    if (is_drawn && args.sampled != nullptr) weight = LoadInput(args.sampled + head);
    if (Holds(args.certain, head, key)) {
      weight = 0;
    } else if (is_drawn && args.sampled == nullptr) {
      continue;
    }
    args.log_weights[head * args.lists.stride + i] = weight;
  }
}

LaunchShape Shape(unsigned n_chunks, size_t n_rows, Stream stream) {
  LaunchShape shape;
  shape.grid = dim3(n_chunks, static_cast<unsigned>(n_rows));
  shape.block = kThreads;
  shape.stream = stream;
  return shape;
}

}  // namespace

Status AddKeys(const KeyLists& lists, size_t n, size_t offset, const KeySets& sets, Stream stream) {
  if (lists.n != sets.n_q_heads || n > lists.stride) return Status::kInvalidShape;
  if (n == 0 || lists.n == 0) return Status::kOk;
  const AddArgs args = {lists, static_cast<unsigned>(n), static_cast<unsigned>(offset), sets};
  LaunchKernel("AddKeys", AddKernel, Shape(Ceil(n, kThreads), lists.n, stream), args);
  return LaunchStatus();
}

Status KeepBetween(const KeySets& sets, size_t begin, size_t end, const KeySets& kept,
                   Stream stream) {
  if (sets.n_q_heads == 0 || sets.stride == 0 || begin > end) return Status::kInvalidShape;
  const BetweenArgs args = {sets, begin, end, kept};
  const unsigned n_chunks = Ceil(sets.stride, kThreads);
  LaunchKernel("KeepBetween", BetweenKernel, Shape(n_chunks, sets.n_q_heads, stream), args);
  return LaunchStatus();
}

Status ListKeys(const KeySets& sets, size_t group_size, uint32_t* scratch, uint32_t* indices,
                size_t stride, uint32_t* counts, Stream stream) {
  if (group_size == 0 || sets.n_q_heads == 0 || sets.n_q_heads % group_size != 0 ||
      sets.stride == 0) {
    return Status::kInvalidShape;
  }
  const size_t n_lists = sets.n_q_heads / group_size;
  const unsigned n_chunks = Ceil(sets.stride, kThreads);
  const ListArgs args = {
      sets, static_cast<unsigned>(group_size), n_chunks, scratch, indices, stride, counts};
  LaunchKernel("ListKeys, count", CountKernel, Shape(n_chunks, n_lists, stream), args);
  LaunchKernel("ListKeys", ListKernel, Shape(n_chunks, n_lists, stream), args);
  return LaunchStatus();
}

Status SpreadWeights(const KeyLists& lists, const KeySets& certain, const KeySets& drawn,
                     const float* sampled, float* log_weights, Stream stream) {
  const size_t n_q_heads = certain.n_q_heads > 0 ? certain.n_q_heads : drawn.n_q_heads;
  if (lists.n == 0 || n_q_heads == 0 || n_q_heads % lists.n != 0) return Status::kInvalidShape;
  const auto group_size = static_cast<unsigned>(n_q_heads / lists.n);
  const SpreadArgs args = {lists, group_size, certain, drawn, sampled, log_weights};
  // A list may be as long as all keys, but seldom is.
  const unsigned n_chunks = std::min(Ceil(lists.stride, kThreads), 64u);
  LaunchKernel("SpreadWeights", SpreadKernel, Shape(n_chunks, n_q_heads, stream), args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
