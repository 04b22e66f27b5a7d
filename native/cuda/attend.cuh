#pragma once

#include "cuda/attend.h"
#include "cuda/tile.cuh"

namespace sparsetune::cuda {

inline constexpr int kAttendWarps = 4;
inline constexpr int kAttendThreads = 32 * kAttendWarps;

inline constexpr size_t kNoRow = ~size_t{0};

/// Arguments of AttendKernel, checked.
struct AttendArgs {
  const float* queries;
  AttendRows rows;
  float scale;
  unsigned group_size;      ///< queries that share a list
  unsigned lists_per_head;  ///< lists of a KV head
  AttendPartials partials;
};

/// The rows of one list: those it names, then those of the ranges.
struct ListedRows {
  const uint32_t* indices;
  unsigned n_listed;
  KeyRanges ranges;

  __device__ ListedRows(const AttendRows& rows, unsigned list) : ranges(rows.ranges) {
    indices =
        rows.lists.indices == nullptr ? nullptr : rows.lists.indices + list * rows.lists.stride;
    n_listed = indices == nullptr ? 0 : LoadInput(rows.lists.counts + list);
  }

  __device__ __forceinline__ unsigned n() const {
    return n_listed +
           static_cast<unsigned>(ranges.sink_end + ranges.n_visible - ranges.local_begin);
  }
  __device__ __forceinline__ size_t Key(unsigned i) const {
    if (i < n_listed) return LoadInput(indices + i);
    const size_t at = i - n_listed;
    return at < ranges.sink_end ? at : at - ranges.sink_end + ranges.local_begin;
  }
};

/// Softmaxes of the values that a lane owns.
template <typename Tile>
struct LaneSoftmax {
  float max[Tile::kOwned];
  float sum[Tile::kOwned];
};

/// Shared memory of one warp for the rows of a tile.
template <typename Tile>
struct WarpWeights {
  alignas(16) float weights[Tile::kRows * Tile::kValues];  ///< exp(score - max), [row, step, head]
  float corrections[Tile::kHeads];                         ///< exp(old max - new max)
};

/// Turns scores into weights, to where the whole warp reads them; whether some maximum has risen.
template <typename Tile>
__device__ __forceinline__ bool WeighTile(const float (&scores)[Tile::kOwned], unsigned lane,
                                          LaneSoftmax<Tile>* softmax, WarpWeights<Tile>* shared) {
  const int first = Tile::FirstValue(lane);
  const bool is_first_copy = lane % Tile::kCopies == 0;
  const int row = static_cast<int>(lane) / Tile::kLanes;
  bool has_risen = false;
  SPARSETUNE_UNROLLED
  for (int o = 0; o < Tile::kOwned; ++o) {
    const float before = softmax->max[o];
    const float now = fmaxf(before, MaxOverKeys<Tile>(scores[o]));
    const float correction = now == before ? 1.0f : __expf(before - now);
    const float weight = scores[o] == -INFINITY ? 0.0f : __expf(scores[o] - now);
    softmax->max[o] = now;
    softmax->sum[o] = softmax->sum[o] * correction + (is_first_copy ? weight : 0.0f);
    has_risen = has_risen || now != before;
    if (is_first_copy) shared->weights[row * Tile::kValues + first + o] = weight;
    if (is_first_copy && row == 0 && first < Tile::kHeads) {
      shared->corrections[first + o] = correction;
    }
  }
  return __any_sync(kAllLanes, has_risen) != 0;
}

/// values += weights * value rows of a tile, for all heads.
template <typename T, typename Tile>
__device__ __forceinline__ void AddValues(const WarpWeights<Tile>& shared, bool has_risen,
                                          const Packed<T> (&rows)[Tile::kSteps], unsigned lane,
                                          float (&values)[Tile::kHeads][kLaneChannels]) {
  if (has_risen) {
    SPARSETUNE_UNROLLED
    for (int g = 0; g < Tile::kHeads; ++g) {
      const float correction = shared.corrections[g];
      SPARSETUNE_UNROLLED
      for (int i = 0; i < kLaneChannels; ++i) values[g][i] *= correction;
    }
  }
  const float* weights = shared.weights + lane / Tile::kLanes * Tile::kValues;
  SPARSETUNE_UNROLLED
  for (int w = 0; w < Tile::kValues; w += 4) {
    const float4 four = LoadWide(reinterpret_cast<const float4*>(weights + w));
    const float weight[4] = {four.x, four.y, four.z, four.w};
    SPARSETUNE_UNROLLED
    for (int j = 0; j < 4; ++j) {
      float row[kLaneChannels];
      Unpack<T>(rows[(w + j) / Tile::kHeads], row);
      SPARSETUNE_UNROLLED
      for (int i = 0; i < kLaneChannels; ++i) {
        values[(w + j) % Tile::kHeads][i] =
            fmaf(weight[j], row[i], values[(w + j) % Tile::kHeads][i]);
      }
    }
  }
}

/// Where a channel of a head stands in shared memory: each lane's first four channels, then each
/// lane's last four, so that wide stores of neighbouring lanes are neighbours.
template <typename Tile>
__device__ __forceinline__ int SharedChannel(int channel) {
  const int lane = channel / kLaneChannels;
  const int half = channel % kLaneChannels / 4;
  return half * Tile::kLanes * 4 + lane * 4 + channel % 4;
}

/// Joins the warps of a block and writes the partial softmax of its split.
template <typename Tile, int kHeadDim>
__device__ void WritePartials(const AttendArgs& args, unsigned list, LaneSoftmax<Tile>* softmax,
                              float (&values)[Tile::kHeads][kLaneChannels]) {
  constexpr int kWidth = Tile::kLanes * kLaneChannels;
  SPARSETUNE_SHARED(float, all_values, kAttendWarps* Tile::kHeads* kWidth);
  SPARSETUNE_SHARED(float, all_max, kAttendWarps* Tile::kHeads);
  SPARSETUNE_SHARED(float, all_sums, kAttendWarps* Tile::kHeads);
  const unsigned lane = threadIdx.x % 32;
  const unsigned warp = threadIdx.x / 32;
  const int first = Tile::FirstValue(lane);
  SPARSETUNE_UNROLLED
  for (int o = 0; o < Tile::kOwned; ++o) {
    const float sum = SumOverKeys<Tile>(softmax->sum[o]);
    if (lane / Tile::kLanes > 0 || lane % Tile::kCopies != 0 || first >= Tile::kHeads) continue;
    all_max[warp * Tile::kHeads + first + o] = softmax->max[o];
    all_sums[warp * Tile::kHeads + first + o] = sum;
  }
  SPARSETUNE_UNROLLED
  for (int g = 0; g < Tile::kHeads; ++g) {
    SPARSETUNE_UNROLLED
    for (int i = 0; i < kLaneChannels; ++i) {
      SPARSETUNE_UNROLLED
      for (int bit = Tile::kLanes; bit < 32; bit *= 2) {
        values[g][i] += __shfl_xor_sync(kAllLanes, values[g][i], bit);
      }
    }
    if (lane >= Tile::kLanes) continue;
    float4* row = reinterpret_cast<float4*>(all_values + (warp * Tile::kHeads + g) * kWidth);
    StoreWide(row + lane, make_float4(values[g][0], values[g][1], values[g][2], values[g][3]));
    StoreWide(row + Tile::kLanes + lane,
              make_float4(values[g][4], values[g][5], values[g][6], values[g][7]));
  }
  __syncthreads();
  const AttendPartials& out = args.partials;
  for (unsigned e = threadIdx.x; e < args.group_size * kHeadDim; e += kAttendThreads) {
    const unsigned g = e / kHeadDim;
    const unsigned channel = e % kHeadDim;
    float max = -INFINITY;
    for (int w = 0; w < kAttendWarps; ++w) max = fmaxf(max, all_max[w * Tile::kHeads + g]);
    float sum = 0;
    float value = 0;
    for (int w = 0; w < kAttendWarps; ++w) {
      const int at = w * Tile::kHeads + static_cast<int>(g);
      const float factor = all_max[at] == -INFINITY ? 0.0f : __expf(all_max[at] - max);
      sum += factor * all_sums[at];
      value += factor * all_values[at * kWidth + SharedChannel<Tile>(static_cast<int>(channel))];
    }
    const size_t split =
        (static_cast<size_t>(list) * args.group_size + g) * out.n_splits + blockIdx.x;
    out.values[split * kHeadDim + channel] = value;
    if (channel == 0) out.max[split] = max;
    if (channel == 0) out.sum[split] = sum;
  }
}

/// Scores of the lane's own values, with their log weights; -infinity beyond `end`.
template <typename Tile>
__device__ __forceinline__ void AddLogWeights(const AttendArgs& args, unsigned list,
                                              unsigned n_listed, unsigned first_row, unsigned end,
                                              float (&scores)[Tile::kOwned]) {
  const KeyLists& lists = args.rows.lists;
  const int first = Tile::FirstValue(threadIdx.x % 32);
  SPARSETUNE_UNROLLED
  for (int o = 0; o < Tile::kOwned; ++o) {
    const unsigned i = first_row + (first + o) / Tile::kHeads * Tile::kRows;
    const unsigned g = (first + o) % Tile::kHeads;
    scores[o] = i < end && g < args.group_size ? scores[o] * args.scale : -INFINITY;
    if (lists.log_weights == nullptr || i >= n_listed || scores[o] == -INFINITY) continue;
    const size_t query = static_cast<size_t>(list) * args.group_size + g;
    scores[o] += LoadInput(lists.log_weights + query * lists.stride + i);
  }
}

/// Blocks of a multiprocessor that there are registers for without spilling any.
template <typename T>
constexpr int BlocksOf(int group) {
  if (group > 4) return 2;
  return group == 4 && sizeof(T) == 4 ? 3 : 4;
}

/// Block (split, list): its warps take the tiles of the split in turn.
template <typename T, int kHeadDim, int kGroup>
__global__ void __launch_bounds__(kAttendThreads, BlocksOf<T>(kGroup))
    AttendKernel(AttendArgs args) {
  using Tile = Tile<T, kHeadDim, kGroup>;
  SPARSETUNE_SHARED(WarpWeights<Tile>, shared, 2 * kAttendWarps);
  const unsigned lane = threadIdx.x % 32;
  const unsigned warp = threadIdx.x / 32;
  const unsigned list = blockIdx.y;
  const int channel = static_cast<int>(lane) % Tile::kLanes * kLaneChannels;
  const ListedRows rows(args.rows, list);
  const KvRows& kv = args.rows.kv;
  const size_t at = list / args.lists_per_head * kv.head_stride + channel;
  const bool has_channels = channel < kHeadDim;
  const LaneRows<T> keys = {static_cast<const T*>(kv.keys) + at, kv.row_stride, has_channels};
  const LaneRows<T> values = {static_cast<const T*>(kv.values) + at, kv.row_stride, has_channels};
  const size_t first_query = static_cast<size_t>(list) * args.group_size * kHeadDim;
  float query[kGroup][kLaneChannels];
  LoadQueries<Tile, kHeadDim>(args.queries + first_query, args.group_size, channel, query);
  float sums[kGroup][kLaneChannels] = {};
  LaneSoftmax<Tile> softmax;
  SPARSETUNE_UNROLLED
  for (int o = 0; o < Tile::kOwned; ++o) {
    softmax.max[o] = -INFINITY;
    softmax.sum[o] = 0;
  }
  constexpr unsigned kBlockKeys = kAttendWarps * Tile::kKeys;
  const unsigned n_tiles = (rows.n() + kBlockKeys - 1) / kBlockKeys;
  const unsigned share = (n_tiles + gridDim.x - 1) / gridDim.x * kBlockKeys;
  const unsigned end = min(rows.n(), (blockIdx.x + 1) * share);
  unsigned i = blockIdx.x * share + warp * Tile::kKeys + lane / Tile::kLanes;
  for (unsigned parity = 0; i - lane / Tile::kLanes < end; i += kBlockKeys, parity ^= 1) {
    Packed<T> key[Tile::kSteps];
    Packed<T> value[Tile::kSteps];
    size_t row[Tile::kSteps];
    SPARSETUNE_UNROLLED
    for (int s = 0; s < Tile::kSteps; ++s) {
      row[s] = i + s * Tile::kRows < end ? rows.Key(i + s * Tile::kRows) : kNoRow;
    }
    // All loads stand before the first use, so that many are under way at once.
    SPARSETUNE_UNROLLED
    for (int s = 0; s < Tile::kSteps; ++s) {
      key[s] = row[s] == kNoRow ? ZeroPacked<T>() : keys.Load(row[s]);
    }
    SPARSETUNE_UNROLLED
    for (int s = 0; s < Tile::kSteps; ++s) {
      value[s] = row[s] == kNoRow ? ZeroPacked<T>() : values.Load(row[s]);
    }
    float scores[Tile::kOwned];
    ScoreTile<T, Tile>(query, key, lane, scores);
    AddLogWeights<Tile>(args, list, rows.n_listed, i, end, scores);
    WarpWeights<Tile>* weights = shared + 2 * warp + parity;
    const bool has_risen = WeighTile<Tile>(scores, lane, &softmax, weights);
    __syncwarp();  // the other one of `shared` may still be read
    AddValues<T, Tile>(*weights, has_risen, value, lane, sums);
  }
  WritePartials<Tile, kHeadDim>(args, list, &softmax, sums);
}

}  // namespace sparsetune::cuda
