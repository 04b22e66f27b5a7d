#pragma once

#include "cuda/element.cuh"
#include "cuda/rows.h"

namespace sparsetune::cuda {

/// How the 32 lanes of a warp share the rows of a tile. kLanes lanes hold one row, kLaneChannels
/// channels each; the warp holds kRows rows at a time, kSteps times. Each row has a score for each
/// of kHeads heads: kValues sums over kLanes lanes, which end up in different lanes.
template <typename T, int kHeadDim, int kGroup>
struct Tile {
  static constexpr int kHeads = kGroup;
  static constexpr int kLanes = kHeadDim <= 64 ? 8 : kHeadDim <= 128 ? 16 : 32;
  static constexpr int kRows = 32 / kLanes;
  static constexpr int kMaxSteps = sizeof(T) == 4 ? 4 : 8;
  static constexpr int kSteps = 16 / kGroup < kMaxSteps ? 16 / kGroup : kMaxSteps;
  static constexpr int kKeys = kRows * kSteps;  ///< of a tile
  static constexpr int kValues = kSteps * kGroup;
  static constexpr int kOwned = kValues > kLanes ? kValues / kLanes : 1;   ///< values of a lane
  static constexpr int kCopies = kLanes > kValues ? kLanes / kValues : 1;  ///< lanes of a value

  /// The first of the kOwned values, step * kGroup + head, that a lane ends up with.
  static __device__ __forceinline__ int FirstValue(unsigned lane) {
    return static_cast<int>(lane) % kLanes / kCopies * kOwned;
  }
  /// Whether `bit` of the lane's number chooses the head of its values.
  static constexpr __host__ __device__ bool IsHeadBit(int bit) {
    return bit >= kCopies && bit < kCopies * (kGroup / kOwned);
  }
};

/// Sums every value over its lanes: afterwards the first kOwned are those from FirstValue on.
template <typename Tile>
__device__ __forceinline__ void ReduceScatter(float (&values)[Tile::kValues], unsigned lane) {
  int n = Tile::kValues;  // that the lane still sums
  SPARSETUNE_UNROLLED
  for (int bit = Tile::kLanes / 2; bit > 0; bit /= 2) {
    const bool is_halved = n > 1;
    const bool is_upper = is_halved && (lane & bit) != 0;
    n = is_halved ? n / 2 : 1;
    SPARSETUNE_UNROLLED
    for (int i = 0; i < n; ++i) {
      const float upper = is_halved ? values[i + n] : values[i];
      const float sent = is_upper ? values[i] : upper;
      values[i] = (is_upper ? upper : values[i]) + __shfl_xor_sync(kAllLanes, sent, bit);
    }
  }
}

/// Largest value among the lanes whose values have the same head.
template <typename Tile>
__device__ __forceinline__ float MaxOverKeys(float value) {
  SPARSETUNE_UNROLLED
  for (int bit = 16; bit > 0; bit /= 2) {
    if (!Tile::IsHeadBit(bit)) value = fmaxf(value, __shfl_xor_sync(kAllLanes, value, bit));
  }
  return value;
}

template <typename Tile>
__device__ __forceinline__ float SumOverKeys(float value) {
  SPARSETUNE_UNROLLED
  for (int bit = 16; bit > 0; bit /= 2) {
    if (!Tile::IsHeadBit(bit)) value += __shfl_xor_sync(kAllLanes, value, bit);
  }
  return value;
}

/// The lane's channels of the queries of a group; zeros for heads beyond `group_size`.
template <typename Tile, int kHeadDim>
__device__ __forceinline__ void LoadQueries(const float* queries, unsigned group_size, int channel,
                                            float (&query)[Tile::kHeads][kLaneChannels]) {
  SPARSETUNE_UNROLLED
  for (int g = 0; g < Tile::kHeads; ++g) {
    const bool is_here = g < static_cast<int>(group_size) && channel < kHeadDim;
    const Packed<float> packed =
        is_here ? LoadPacked<float>(queries + g * kHeadDim + channel) : ZeroPacked<float>();
    Unpack<float>(packed, query[g]);
  }
}

__device__ __forceinline__ float PartialDot(const float (&a)[kLaneChannels],
                                            const float (&b)[kLaneChannels]) {
  float sum = a[0] * b[0];
  SPARSETUNE_UNROLLED
  for (int i = 1; i < kLaneChannels; ++i) sum = fmaf(a[i], b[i], sum);
  return sum;
}

/// Where a lane finds its channels of the rows of one KV head.
template <typename T>
struct LaneRows {
  const T* first;  ///< of row 0
  size_t stride;
  bool has_channels;  ///< lanes beyond head_dim have none

  __device__ __forceinline__ Packed<T> Load(size_t row) const {
    return has_channels ? LoadPacked<T>(first + row * stride) : ZeroPacked<T>();
  }
};

/// Dot products of the queries with the rows of a tile; the lane is left with its own.
template <typename T, typename Tile>
__device__ __forceinline__ void ScoreTile(const float (&query)[Tile::kHeads][kLaneChannels],
                                          const Packed<T> (&keys)[Tile::kSteps], unsigned lane,
                                          float (&scores)[Tile::kOwned]) {
  float values[Tile::kValues];
  SPARSETUNE_UNROLLED
  for (int s = 0; s < Tile::kSteps; ++s) {
    float key[kLaneChannels];
    Unpack<T>(keys[s], key);
    SPARSETUNE_UNROLLED
    for (int g = 0; g < Tile::kHeads; ++g) values[s * Tile::kHeads + g] = PartialDot(query[g], key);
  }
  ReduceScatter<Tile>(values, lane);
  SPARSETUNE_UNROLLED
  for (int o = 0; o < Tile::kOwned; ++o) scores[o] = values[o];
}

}  // namespace sparsetune::cuda
