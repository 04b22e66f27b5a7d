#include "cuda/check.cuh"
#include "cuda/dispatch.cuh"
#include "cuda/scores.h"
#include "cuda/tile.cuh"

namespace sparsetune::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
/// Tiles of a warp in one block, which pay for loading the queries: as many as leave enough blocks.
constexpr unsigned kFewTiles = 4;
constexpr unsigned kManyTiles = 16;
constexpr size_t kManyRows = 16384;

struct ScoreArgs {
  const float* queries;
  const void* rows;  ///< of keys, or pairs of rows of bounds
  size_t row_stride;
  size_t head_stride;
  const uint32_t* indices;  ///< null: begin, begin + 1, ...
  const uint32_t* counts;
  size_t list_stride;
  unsigned begin;
  unsigned n;
  unsigned group_size;      ///< queries that share rows
  unsigned lists_per_head;  ///< of a KV head
  float* scores;
  size_t stride;
  unsigned warp_tiles;  ///< of a block
};

/// Rows of keys: a score is a dot product.
template <typename T>
struct KeyReader {
  using Element = T;
  Packed<T> key;

  __device__ __forceinline__ void Load(const LaneRows<T>& rows, size_t row, int /*head_dim*/) {
    key = rows.Load(row);
  }
  __device__ __forceinline__ void Clear() { key = ZeroPacked<T>(); }
  __device__ __forceinline__ float Score(const float (&query)[kLaneChannels]) const {
    float values[kLaneChannels];
    Unpack<T>(key, values);
    return PartialDot(query, values);
  }
};

/// Pages: the least and the largest element of each channel.
template <typename T>
struct PageReader {
  using Element = T;
  Packed<T> low;
  Packed<T> high;

  __device__ __forceinline__ void Load(const LaneRows<T>& rows, size_t row, int head_dim) {
    low = rows.Load(row);
    const LaneRows<T> second = {rows.first + head_dim, rows.stride, rows.has_channels};
    high = second.Load(row);
  }
  __device__ __forceinline__ void Clear() { low = high = ZeroPacked<T>(); }
  __device__ __forceinline__ float Score(const float (&query)[kLaneChannels]) const {
    float least[kLaneChannels];
    float largest[kLaneChannels];
    Unpack<T>(low, least);
    Unpack<T>(high, largest);
    float sum = 0;
    SPARSETUNE_UNROLLED
    for (int i = 0; i < kLaneChannels; ++i) {
      sum += fmaxf(query[i] * least[i], query[i] * largest[i]);
    }
    return sum;
  }
};

/// Block (chunk of rows, list).
template <typename Reader, int kHeadDim, int kGroup>
__global__ void __launch_bounds__(kThreads) ScoreKernel(ScoreArgs args) {
  using T = typename Reader::Element;
  using Tile = Tile<T, kHeadDim, kGroup>;
  const unsigned lane = threadIdx.x % 32;
  const unsigned warp = threadIdx.x / 32;
  const unsigned list = blockIdx.y;
  const int channel = static_cast<int>(lane) % Tile::kLanes * kLaneChannels;
  const size_t at = list / args.lists_per_head * args.head_stride + channel;
  const LaneRows<T> rows = {static_cast<const T*>(args.rows) + at, args.row_stride,
                            channel < kHeadDim};
  const uint32_t* indices =
      args.indices == nullptr ? nullptr : args.indices + list * args.list_stride;
  const unsigned n = indices == nullptr ? args.n : LoadInput(args.counts + list);
  const size_t first_query = static_cast<size_t>(list) * args.group_size;
  float query[kGroup][kLaneChannels];
  LoadQueries<Tile, kHeadDim>(args.queries + first_query * kHeadDim, args.group_size, channel,
                              query);
  const int first = Tile::FirstValue(lane);
  for (unsigned t = 0; t < args.warp_tiles; ++t) {
    const unsigned tile = (blockIdx.x * args.warp_tiles + t) * kWarps + warp;
    if (tile * Tile::kKeys >= n) return;
    const unsigned i = tile * Tile::kKeys + lane / Tile::kLanes;
    Reader keys[Tile::kSteps];
    SPARSETUNE_UNROLLED
    for (int s = 0; s < Tile::kSteps; ++s) {
      const unsigned row = i + s * Tile::kRows;
      keys[s].Clear();
      if (row < n) {
        keys[s].Load(rows, indices == nullptr ? args.begin + row : LoadInput(indices + row),
                     kHeadDim);
      }
    }
    float values[Tile::kValues];
    SPARSETUNE_UNROLLED
    for (int v = 0; v < Tile::kValues; ++v) values[v] = keys[v / kGroup].Score(query[v % kGroup]);
    ReduceScatter<Tile>(values, lane);
    SPARSETUNE_UNROLLED
    for (int o = 0; o < Tile::kOwned; ++o) {
      const unsigned row = i + (first + o) / kGroup * Tile::kRows;
      const unsigned g = (first + o) % kGroup;
      const bool is_mine = lane % Tile::kCopies == 0 && g < args.group_size && row < n;
      if (is_mine) args.scores[(first_query + g) * args.stride + row] = values[o];
    }
  }
}

template <template <typename> typename Reader, typename T>
Status LaunchOf(const ScoreArgs& args, size_t head_dim, size_t n_lists, Stream stream) {
  return WithHeadDim(head_dim, [&](auto dim) {
    return WithGroup(args.group_size, [&](auto group) {
      constexpr int kHeadDim = decltype(dim)::value;
      constexpr int kGroup = decltype(group)::value;
      LaunchShape shape;
      const size_t block_keys = Tile<T, kHeadDim, kGroup>::kKeys * kWarps * args.warp_tiles;
      shape.grid = dim3(Ceil(args.n, block_keys), static_cast<unsigned>(n_lists));
      shape.block = kThreads;
      shape.stream = stream;
      LaunchKernel("Scores", ScoreKernel<Reader<T>, kHeadDim, kGroup>, shape, args);
      return LaunchStatus();
    });
  });
}

template <template <typename> typename Reader>
Status LaunchScores(ScoreArgs args, const KvRows& kv, size_t n_lists, Stream stream) {
  if (args.n == 0) return Status::kOk;
  args.warp_tiles = args.n * n_lists >= 8 * kManyRows ? kManyTiles : kFewTiles;
  if (kv.dtype == Dtype::kF32) return LaunchOf<Reader, float>(args, kv.head_dim, n_lists, stream);
  if (kv.dtype == Dtype::kF16) return LaunchOf<Reader, F16>(args, kv.head_dim, n_lists, stream);
  return LaunchOf<Reader, Bf16>(args, kv.head_dim, n_lists, stream);
}

bool IsValid(const Queries& queries, const KvRows& kv, size_t n, size_t stride) {
  return kv.n_kv_heads > 0 && queries.group_size > 0 && n <= stride && n <= 0xffffffffu;
}

}  // namespace

Status Scores(const Queries& queries, const KvRows& kv, const KeyLists& lists, size_t begin,
              size_t n, float* scores, size_t stride, Stream stream) {
  if (!IsValid(queries, kv, n, stride)) return Status::kInvalidShape;
  const bool by_head = lists.indices != nullptr && lists.n != kv.n_kv_heads;
  if (by_head && lists.n != kv.n_kv_heads * queries.group_size) return Status::kInvalidShape;
  const auto group_size = static_cast<unsigned>(queries.group_size);
  const ScoreArgs args = {queries.rows,
                          kv.keys,
                          kv.row_stride,
                          kv.head_stride,
                          lists.indices,
                          lists.counts,
                          lists.stride,
                          static_cast<unsigned>(begin),
                          static_cast<unsigned>(n),
                          by_head ? 1 : group_size,
                          by_head ? group_size : 1,
                          scores,
                          stride,
                          0};
  return LaunchScores<KeyReader>(args, kv, by_head ? lists.n : kv.n_kv_heads, stream);
}

Status PageScores(const Queries& queries, const KvRows& kv, const PageBounds& pages, size_t begin,
                  size_t n, float* scores, size_t stride, Stream stream) {
  if (!IsValid(queries, kv, n, stride) || begin + n > pages.stride) return Status::kInvalidShape;
  ScoreArgs args = {};
  args.queries = queries.rows;
  args.rows = pages.bounds;
  args.row_stride = 2 * kv.head_dim;
  args.head_stride = 2 * kv.head_dim * pages.stride;
  args.begin = static_cast<unsigned>(begin);
  args.n = static_cast<unsigned>(n);
  args.group_size = static_cast<unsigned>(queries.group_size);
  args.lists_per_head = 1;
  args.scores = scores;
  args.stride = stride;
  return LaunchScores<PageReader>(args, kv, kv.n_kv_heads, stream);
}

}  // namespace sparsetune::cuda
