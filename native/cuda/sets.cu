#include "cuda/check.cuh"
#include "cuda/selection.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 128;

struct JoinArgs {
  KeySets more;
  KeySets sets;
};

/// Block (chunk of words, head).
__global__ void __launch_bounds__(kThreads) JoinKernel(JoinArgs args) {
  const unsigned at = blockIdx.x * kThreads + threadIdx.x;
  if (at >= args.sets.stride) return;
  args.sets.words[blockIdx.y * args.sets.stride + at] |=
      LoadInput(args.more.words + blockIdx.y * args.more.stride + at);
}

__device__ __forceinline__ void Add(const KeySets& sets, unsigned head, size_t key) {
  atomicOr(sets.words + head * sets.stride + key / 32, 1u << key % 32);
}

struct PageArgs {
  KeyLists lists;
  unsigned n;
  KeyPages pages;
  KeySets sets;
};

/// Block (page of a list, head).
__global__ void __launch_bounds__(kThreads) PagesKernel(PageArgs args) {
  const unsigned head = blockIdx.y;
  const unsigned n = args.lists.counts == nullptr ? args.n : LoadInput(args.lists.counts + head);
  if (blockIdx.x >= n) return;
  const KeyPages& pages = args.pages;
  const size_t page =
      pages.first + LoadInput(args.lists.indices + head * args.lists.stride + blockIdx.x);
  const size_t first = page * pages.page_size;
  const size_t end = first + pages.page_size < pages.end ? first + pages.page_size : pages.end;
  for (size_t key = first + threadIdx.x; key < end; key += kThreads) {
    if (key >= pages.begin) Add(args.sets, head, key);
  }
}

struct PlaceArgs {
  KeyLists lists;
  const uint32_t* places;
  unsigned n;
  KeySets sets;
};

/// Block (chunk of places, head).
__global__ void __launch_bounds__(kThreads) PlacesKernel(PlaceArgs args) {
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= args.n) return;
  const size_t head = blockIdx.y;
  const uint32_t place = LoadInput(args.places + head * args.n + i);
  Add(args.sets, blockIdx.y, LoadInput(args.lists.indices + head * args.lists.stride + place));
}

struct EmptyArgs {
  unsigned key;
  KeySets sets;
  KeySets also;
};

/// Block: one head.
__global__ void __launch_bounds__(kThreads) EmptyKernel(EmptyArgs args) {
  const unsigned head = blockIdx.x;
  uint32_t* words = args.sets.words + head * args.sets.stride;
  bool has_key = false;
  for (unsigned at = threadIdx.x; at < args.sets.stride; at += kThreads) {
    has_key = has_key || words[at] != 0;
  }
  if (__syncthreads_or(has_key) != 0 || threadIdx.x > 0) return;
  words[args.key / 32] = 1u << args.key % 32;
  if (args.also.words != nullptr) Add(args.also, head, args.key);
}

struct CountArgs {
  KeySets sets;
  KeySets except;
  unsigned group_size;
  uint32_t* counts;
};

__device__ __forceinline__ uint32_t UnitedWord(const KeySets& sets, unsigned group_size,
                                               unsigned at) {
  uint32_t word = 0;
  if (sets.words == nullptr) return word;
  for (unsigned g = 0; g < group_size; ++g) {
    const size_t head = static_cast<size_t>(blockIdx.x) * group_size + g;
    word |= LoadInput(sets.words + head * sets.stride + at);
  }
  return word;
}

/// Block: one group.
__global__ void __launch_bounds__(kThreads) CountUnionKernel(CountArgs args) {
  SPARSETUNE_SHARED(uint32_t, sum, 1);
  if (threadIdx.x == 0) sum[0] = 0;
  __syncthreads();
  uint32_t n = 0;
  for (unsigned at = threadIdx.x; at < args.sets.stride; at += kThreads) {
    n += static_cast<uint32_t>(__popc(UnitedWord(args.sets, args.group_size, at) &
                                      ~UnitedWord(args.except, args.group_size, at)));
  }
  n = __reduce_add_sync(kAllLanes, n);
  if (threadIdx.x % 32 == 0) atomicAdd(sum, n);
  __syncthreads();
  if (threadIdx.x == 0) args.counts[blockIdx.x] = sum[0];
}

LaunchShape Shape(size_t n_chunks, size_t n_rows, Stream stream) {
  LaunchShape shape;
  shape.grid = dim3(static_cast<unsigned>(n_chunks), static_cast<unsigned>(n_rows));
  shape.block = kThreads;
  shape.stream = stream;
  return shape;
}

bool AreSets(const KeySets& sets) { return sets.n_q_heads > 0 && sets.stride > 0; }

}  // namespace

Status JoinSets(const KeySets& more, const KeySets& sets, Stream stream) {
  if (!AreSets(sets) || more.n_q_heads != sets.n_q_heads || more.stride != sets.stride) {
    return Status::kInvalidShape;
  }
  const LaunchShape shape = Shape(Ceil(sets.stride, kThreads), sets.n_q_heads, stream);
  LaunchKernel("JoinSets", JoinKernel, shape, JoinArgs{more, sets});
  return LaunchStatus();
}

Status AddPages(const KeyLists& lists, size_t n, const KeyPages& pages, const KeySets& sets,
                Stream stream) {
  if (!AreSets(sets) || lists.n != sets.n_q_heads || n > lists.stride || pages.page_size == 0 ||
      pages.end > 32 * sets.stride) {
    return Status::kInvalidShape;
  }
  if (n == 0) return Status::kOk;
  const PageArgs args = {lists, static_cast<unsigned>(n), pages, sets};
  LaunchKernel("AddPages", PagesKernel, Shape(n, lists.n, stream), args);
  return LaunchStatus();
}

Status AddPlaces(const KeyLists& lists, const uint32_t* places, size_t n, const KeySets& sets,
                 Stream stream) {
  if (!AreSets(sets) || lists.n != sets.n_q_heads || n > lists.stride) return Status::kInvalidShape;
  if (n == 0) return Status::kOk;
  const PlaceArgs args = {lists, places, static_cast<unsigned>(n), sets};
  LaunchKernel("AddPlaces", PlacesKernel, Shape(Ceil(n, kThreads), lists.n, stream), args);
  return LaunchStatus();
}

Status AddWhereEmpty(size_t key, const KeySets& sets, const KeySets& also, Stream stream) {
  if (!AreSets(sets) || key >= 32 * sets.stride) return Status::kInvalidShape;
  const EmptyArgs args = {static_cast<unsigned>(key), sets, also};
  LaunchKernel("AddWhereEmpty", EmptyKernel, Shape(sets.n_q_heads, 1, stream), args);
  return LaunchStatus();
}

Status CountKeys(const KeySets& sets, const KeySets& except, size_t group_size, uint32_t* counts,
                 Stream stream) {
  if (!AreSets(sets) || group_size == 0 || sets.n_q_heads % group_size != 0) {
    return Status::kInvalidShape;
  }
  const CountArgs args = {sets, except, static_cast<unsigned>(group_size), counts};
  LaunchKernel("CountKeys", CountUnionKernel, Shape(sets.n_q_heads / group_size, 1, stream), args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
