#include "cuda/check.cuh"
#include "cuda/dispatch.cuh"
#include "cuda/lsh.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 128;
constexpr unsigned kBlockKeys = kLshBlockKeys;
constexpr unsigned kLaneKeys = 4;
constexpr unsigned kMaxTables = 512;

struct MatchArgs {
  LshQueries queries;
  LshKeyTable table;
  unsigned begin;
  unsigned end;
  KeySets found;
};

/// The codes of a lane's keys in one table.
template <typename T>
struct FourCodes;
template <>
struct FourCodes<uint8_t> {
  unsigned codes;

  __device__ __forceinline__ explicit FourCodes(const uint8_t* at)
      : codes(LoadInput(reinterpret_cast<const unsigned*>(at))) {}
  /// Which of them are equal to `code`: a bit each.
  __device__ __forceinline__ uint32_t Equal(uint32_t code) const {
    // The products bring bits 0, 8, 16 and 24 to 24, 25, 26 and 27.
    const uint32_t equal = __vcmpeq4(codes, code * 0x01010101u) & 0x01010101u;
    return equal * 0x01020408u >> 24 & 0xfu;
  }
};
template <>
struct FourCodes<uint16_t> {
  uint2 codes;

  __device__ __forceinline__ explicit FourCodes(const uint16_t* at)
      : codes(LoadInput(reinterpret_cast<const uint2*>(at))) {}
  __device__ __forceinline__ uint32_t Equal(uint32_t code) const {
    const uint32_t low = __vcmpeq2(codes.x, code * 0x00010001u);
    const uint32_t high = __vcmpeq2(codes.y, code * 0x00010001u);
    return (low & 1) | (low >> 16 & 1) << 1 | (high & 1) << 2 | (high >> 16 & 1) << 3;
  }
};

/// Block (chunk of keys, head): a lane takes four keys, eight lanes write a word.
template <typename T, int kGroup>
__global__ void __launch_bounds__(kThreads) MatchKernel(MatchArgs args) {
  SPARSETUNE_SHARED(uint16_t, query_codes, kGroup * kMaxTables);
  const unsigned lsh_l = args.queries.params.lsh_l;
  const auto group_size = static_cast<unsigned>(args.queries.group_size);
  const unsigned key = args.begin + (blockIdx.x * kThreads + threadIdx.x) * kLaneKeys;
  const unsigned n_here = key < args.end ? min(kLaneKeys, args.end - key) : 0;
  const size_t block = blockIdx.y * args.table.stride + key / kBlockKeys;
  const T* codes =
      reinterpret_cast<const T*>(args.table.codes) + block * lsh_l * kBlockKeys + key % kBlockKeys;
  const size_t first_query = static_cast<size_t>(blockIdx.y) * group_size;
  for (unsigned i = threadIdx.x; i < group_size * lsh_l; i += kThreads) {
    query_codes[i] = LoadInput(args.queries.codes + first_query * lsh_l + i);
  }
  __syncthreads();
  uint32_t once[kGroup] = {};
  uint32_t again[kGroup] = {};
#pragma unroll 4
  for (unsigned t = 0; t < lsh_l; ++t) {
    if (n_here == 0) break;
    const FourCodes<T> four(codes + t * kBlockKeys);
    SPARSETUNE_UNROLLED
    for (unsigned g = 0; g < kGroup; ++g) {
      if (g >= group_size) break;
      const uint32_t equal = four.Equal(query_codes[g * lsh_l + t]);
      again[g] |= once[g] & equal;
      once[g] |= equal;
    }
  }
  const unsigned lane = threadIdx.x % 32;
  const unsigned mask = 0xffu << (lane & 24);
  SPARSETUNE_UNROLLED
  for (unsigned g = 0; g < kGroup; ++g) {
    if (g >= group_size) break;
    uint32_t found = args.queries.min_matches == 1 ? once[g] : again[g];
    found &= (1u << n_here) - 1;
    const uint32_t word = __reduce_or_sync(mask, found << lane % 8 * kLaneKeys);
    if (lane % 8 == 0 && n_here > 0) {
      args.found.words[(first_query + g) * args.found.stride + key / 32] = word;
    }
  }
}

bool IsValid(const LshQueries& queries) {
  const LshParams& params = queries.params;
  return params.lsh_l >= 1 && params.lsh_l <= 512 && params.lsh_k >= 1 && params.lsh_k <= 16 &&
         (queries.min_matches == 1 || queries.min_matches == 2);
}

template <typename T>
Status LaunchMatch(const MatchArgs& args, Stream stream) {
  return WithGroup(args.queries.group_size, [&](auto group) {
    LaunchShape shape;
    shape.grid = dim3(Ceil(args.end - args.begin, kThreads * kLaneKeys),
                      static_cast<unsigned>(args.queries.n_kv_heads));
    shape.block = kThreads;
    shape.stream = stream;
    LaunchKernel("LshMatch", MatchKernel<T, decltype(group)::value>, shape, args);
    return LaunchStatus();
  });
}

}  // namespace

Status LshMatch(const LshQueries& queries, const LshKeyTable& table, size_t begin, size_t end,
                const KeySets& found, Stream stream) {
  if (!IsValid(queries)) return Status::kInvalidArgument;
  if (queries.n_kv_heads == 0 || queries.group_size == 0 || begin > end ||
      begin % kBlockKeys != 0 || end > kBlockKeys * table.stride || end > 32 * found.stride) {
    return Status::kInvalidShape;
  }
  if (begin == end) return Status::kOk;
  const MatchArgs args = {queries, table, static_cast<unsigned>(begin), static_cast<unsigned>(end),
                          found};
  if (queries.params.lsh_k <= 8) return LaunchMatch<uint8_t>(args, stream);
  return LaunchMatch<uint16_t>(args, stream);
}

}  // namespace sparsetune::cuda
