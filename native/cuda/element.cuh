#pragma once

#include "core/element.h"
#include "cuda/platform.cuh"

namespace sparsetune::cuda {

/// Channels of a row that one lane holds.
inline constexpr int kLaneChannels = 8;

#if defined(__CUDACC__)
__device__ __forceinline__ float HalfBitsToFloat(uint32_t bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(static_cast<uint16_t>(bits)));
  return value;
}
#else
inline float HalfBitsToFloat(uint32_t bits) { return HalfToFloat(static_cast<uint16_t>(bits)); }
#endif

/// The two elements of a word, lower half first.
template <typename T>
__device__ __forceinline__ float2 UnpackPair(uint32_t word);
template <>
__device__ __forceinline__ float2 UnpackPair<F16>(uint32_t word) {
  return make_float2(HalfBitsToFloat(word & 0xffffu), HalfBitsToFloat(word >> 16));
}
template <>
__device__ __forceinline__ float2 UnpackPair<Bf16>(uint32_t word) {
  return make_float2(__uint_as_float(word << 16), __uint_as_float(word & 0xffff0000u));
}

__device__ __forceinline__ float ReadFloat(const float* at) { return *at; }
__device__ __forceinline__ float ReadFloat(const F16* at) { return HalfBitsToFloat(at->bits); }
__device__ __forceinline__ float ReadFloat(const Bf16* at) {
  return __uint_as_float(static_cast<uint32_t>(at->bits) << 16);
}

/// kLaneChannels elements as they are stored.
template <typename T>
struct Packed {
  uint4 words;
};
template <>
struct Packed<float> {
  float4 low;
  float4 high;
};

template <typename T>
__device__ __forceinline__ Packed<T> LoadPacked(const T* at) {
  return {LoadInput(reinterpret_cast<const uint4*>(at))};
}
template <>
__device__ __forceinline__ Packed<float> LoadPacked<float>(const float* at) {
  const auto* parts = reinterpret_cast<const float4*>(at);
  return {LoadInput(parts), LoadInput(parts + 1)};
}

template <typename T>
__device__ __forceinline__ Packed<T> ZeroPacked() {
  return {make_uint4(0, 0, 0, 0)};
}
template <>
__device__ __forceinline__ Packed<float> ZeroPacked<float>() {
  return {make_float4(0, 0, 0, 0), make_float4(0, 0, 0, 0)};
}

template <typename T>
__device__ __forceinline__ void Unpack(const Packed<T>& packed, float (&values)[kLaneChannels]) {
  const uint32_t words[] = {packed.words.x, packed.words.y, packed.words.z, packed.words.w};
  SPARSETUNE_UNROLLED
  for (int i = 0; i < 4; ++i) {
    const float2 pair = UnpackPair<T>(words[i]);
    values[2 * i] = pair.x;
    values[2 * i + 1] = pair.y;
  }
}
template <>
__device__ __forceinline__ void Unpack<float>(const Packed<float>& packed,
                                              float (&values)[kLaneChannels]) {
  values[0] = packed.low.x;
  values[1] = packed.low.y;
  values[2] = packed.low.z;
  values[3] = packed.low.w;
  values[4] = packed.high.x;
  values[5] = packed.high.y;
  values[6] = packed.high.z;
  values[7] = packed.high.w;
}

}  // namespace sparsetune::cuda
