#pragma once

// CUDA's functions of device code, as far as native/cuda uses them.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "cuda_types.h"

namespace simt {

dim3 ThreadIndex();
dim3 BlockIndex();
dim3 BlockShape();
dim3 GridShape();

// The address of the call is where a report says the kernel was, so none of these is inlined.
uint64_t Shuffle(unsigned mask, uint64_t value, unsigned source);
unsigned ShuffleSource(unsigned lane, int width);
unsigned LaneOf();
uint64_t Vote(int operation, unsigned mask, uint64_t value);
unsigned MeetBarrier(int kind, bool holds);
void SyncWarp(unsigned mask);

/// Checks an access of one instruction; ends the thread where it must not happen.
void CheckRead(const void* at, size_t n);
void CheckWrite(const void* at, size_t n);
void CheckAtomic(const void* at, size_t n);

template <typename T>
uint64_t ToBits(T value) {
  static_assert(sizeof(T) <= 8, "a shuffle moves 8 bytes at most");
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof value);
  return bits;
}

template <typename T>
T FromBits(uint64_t bits) {
  T value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace simt

#define threadIdx (simt::ThreadIndex())
#define blockIdx (simt::BlockIndex())
#define blockDim (simt::BlockShape())
#define gridDim (simt::GridShape())

#define SIMT_INLINE inline __attribute__((always_inline))
#define SIMT_UNCHECKED __attribute__((noinline, no_sanitize("thread", "alignment")))

SIMT_INLINE void __syncthreads() { simt::MeetBarrier(0, false); }
SIMT_INLINE int __syncthreads_count(int holds) { return simt::MeetBarrier(1, holds != 0); }
SIMT_INLINE int __syncthreads_and(int holds) { return simt::MeetBarrier(2, holds != 0); }
SIMT_INLINE int __syncthreads_or(int holds) { return simt::MeetBarrier(3, holds != 0); }
SIMT_INLINE void __syncwarp(unsigned mask = 0xffffffffu) { simt::SyncWarp(mask); }

template <typename T>
SIMT_INLINE T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const unsigned lane = simt::LaneOf();
  const unsigned from = (lane & ~static_cast<unsigned>(width - 1)) | (source & (width - 1));
  return simt::FromBits<T>(simt::Shuffle(mask, simt::ToBits(value), from));
}
template <typename T>
SIMT_INLINE T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
  const unsigned lane = simt::LaneOf();
  const unsigned from = lane ^ static_cast<unsigned>(bits);
  const bool is_inside = from < (lane & ~static_cast<unsigned>(width - 1)) + width;
  return simt::FromBits<T>(simt::Shuffle(mask, simt::ToBits(value), is_inside ? from : lane));
}
template <typename T>
SIMT_INLINE T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const unsigned lane = simt::LaneOf();
  const bool is_inside = (lane & static_cast<unsigned>(width - 1)) >= distance;
  return simt::FromBits<T>(
      simt::Shuffle(mask, simt::ToBits(value), is_inside ? lane - distance : lane));
}
template <typename T>
SIMT_INLINE T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const unsigned lane = simt::LaneOf();
  const bool is_inside = (lane & static_cast<unsigned>(width - 1)) + distance < unsigned(width);
  return simt::FromBits<T>(
      simt::Shuffle(mask, simt::ToBits(value), is_inside ? lane + distance : lane));
}

SIMT_INLINE unsigned __ballot_sync(unsigned mask, int holds) {
  return static_cast<unsigned>(simt::Vote(2, mask, holds != 0));
}
SIMT_INLINE int __any_sync(unsigned mask, int holds) {
  return static_cast<int>(simt::Vote(3, mask, holds != 0));
}
SIMT_INLINE int __all_sync(unsigned mask, int holds) {
  return static_cast<int>(simt::Vote(4, mask, holds != 0));
}
SIMT_INLINE unsigned __reduce_add_sync(unsigned mask, unsigned value) {
  return static_cast<unsigned>(simt::Vote(5, mask, value));
}
SIMT_INLINE unsigned __reduce_min_sync(unsigned mask, unsigned value) {
  return static_cast<unsigned>(simt::Vote(6, mask, value));
}
SIMT_INLINE unsigned __reduce_max_sync(unsigned mask, unsigned value) {
  return static_cast<unsigned>(simt::Vote(7, mask, value));
}
SIMT_INLINE unsigned __reduce_or_sync(unsigned mask, unsigned value) {
  return static_cast<unsigned>(simt::Vote(9, mask, value));
}
SIMT_INLINE unsigned __match_any_sync(unsigned mask, unsigned value) {
  return static_cast<unsigned>(simt::Vote(11, mask, value));
}

// Wide loads and stores are one access each, whatever the compiler makes of them.
template <typename T>
SIMT_UNCHECKED T LoadUnchecked(const T* at) {
  return *at;
}
template <typename T>
SIMT_UNCHECKED void StoreUnchecked(T* at, T value) {
  *at = value;
}
template <typename T>
SIMT_INLINE T __ldg(const T* at) {
  simt::CheckRead(at, sizeof(T));
  return LoadUnchecked(at);
}

#define SIMT_ATOMIC(name, result)                                        \
  template <typename T>                                                  \
  SIMT_UNCHECKED T name##Unchecked(T* at, std::common_type_t<T> value) { \
    const T old = *at;                                                   \
    *at = (result);                                                      \
    return old;                                                          \
  }                                                                      \
  template <typename T>                                                  \
  SIMT_INLINE T name(T* at, std::common_type_t<T> value) {               \
    simt::CheckAtomic(at, sizeof(T));                                    \
    return name##Unchecked(at, value);                                   \
  }
SIMT_ATOMIC(atomicAdd, old + value)
SIMT_ATOMIC(atomicMin, value < old ? value : old)
SIMT_ATOMIC(atomicMax, value > old ? value : old)
SIMT_ATOMIC(atomicOr, old | value)
SIMT_ATOMIC(atomicAnd, old& value)
SIMT_ATOMIC(atomicExch, value)

template <typename T>
SIMT_UNCHECKED T atomicCasUnchecked(T* at, T compare, T value) {
  const T old = *at;
  if (old == compare) *at = value;
  return old;
}
template <typename T>
SIMT_INLINE T atomicCAS(T* at, std::common_type_t<T> compare, std::common_type_t<T> value) {
  simt::CheckAtomic(at, sizeof(T));
  return atomicCasUnchecked<T>(at, compare, value);
}

template <typename T>
SIMT_INLINE T min(T a, T b) {
  return b < a ? b : a;
}
template <typename T>
SIMT_INLINE T max(T a, T b) {
  return a < b ? b : a;
}

inline int __popcll(unsigned long long word) { return __builtin_popcountll(word); }
inline int __popc(unsigned word) { return __builtin_popcount(word); }
inline int __ffs(int word) { return __builtin_ffs(word); }
inline int __clz(int word) { return word == 0 ? 32 : __builtin_clz(static_cast<unsigned>(word)); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32);
}
inline float __uint_as_float(unsigned bits) { return simt::FromBits<float>(bits); }
inline unsigned __float_as_uint(float value) { return static_cast<unsigned>(simt::ToBits(value)); }
inline float __expf(float x) { return std::exp(x); }
inline float __log2f(float x) { return std::log2(x); }
inline float __fdividef(float a, float b) { return a / b; }

/// Sum of products of four signed bytes.
inline int __dp4a(int a, int b, int sum) {
  for (int i = 0; i < 32; i += 8) sum += static_cast<int8_t>(a >> i) * static_cast<int8_t>(b >> i);
  return sum;
}
/// All bits of each byte, or half, that is equal.
inline unsigned __vcmpeq4(unsigned a, unsigned b) {
  unsigned equal = 0;
  for (unsigned mask = 0xffu; mask != 0; mask <<= 8) equal |= ((a ^ b) & mask) == 0 ? mask : 0;
  return equal;
}
inline unsigned __vcmpeq2(unsigned a, unsigned b) {
  return (((a ^ b) & 0xffffu) == 0 ? 0xffffu : 0) | (((a ^ b) >> 16) == 0 ? 0xffff0000u : 0);
}
