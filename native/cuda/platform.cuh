#pragma once

// The one place where a kernel's source meets its compiler: nvcc, or a C++ compiler with the
// emulator of test/simt.

#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__)
#include <cuda_runtime.h>

/// Declares an array of `n` elements in the shared memory of a block, aligned to 16 bytes.
#define SPARSETUNE_SHARED(T, name, n) __shared__ __align__(16) T name[n]
/// Declares the array of shared memory whose size the launch gives.
#define SPARSETUNE_DYNAMIC_SHARED(T, name)                        \
  extern __shared__ __align__(16) unsigned char dynamic_shared[]; \
  T* const name = reinterpret_cast<T*>(dynamic_shared)
#define SPARSETUNE_UNROLLED _Pragma("unroll")

#else
#include "simt/simt.h"

#define SPARSETUNE_SHARED(T, name, n)       \
  static const char name##_declaration = 0; \
  T* const name = static_cast<T*>(simt::SharedArray(&name##_declaration, sizeof(T) * (n), #name))
#define SPARSETUNE_DYNAMIC_SHARED(T, name) T* const name = static_cast<T*>(simt::DynamicShared())
#define SPARSETUNE_UNROLLED
#endif

namespace sparsetune::cuda {

inline constexpr unsigned kAllLanes = 0xffffffffu;

/// What a launch needs besides the kernel's arguments.
struct LaunchShape {
  dim3 grid;
  dim3 block;
  size_t shared_bytes = 0;  ///< of SPARSETUNE_DYNAMIC_SHARED
  cudaStream_t stream = nullptr;
};

#if defined(__CUDACC__)
/// kernel<<<shape>>>(arguments...); cudaGetLastError has its outcome.
template <typename... Parameters, typename... Arguments>
void LaunchKernel(const char* /*name*/, void (*kernel)(Parameters...), const LaunchShape& shape,
                  const Arguments&... arguments) {
  kernel<<<shape.grid, shape.block, shape.shared_bytes, shape.stream>>>(arguments...);
}

/// Reads 4, 8 or 16 bytes of an input that no kernel writes at the same time.
template <typename T>
__device__ __forceinline__ T LoadInput(const T* at) {
  return __ldg(at);
}
/// Reads or writes 8 or 16 bytes at once.
template <typename T>
__device__ __forceinline__ T LoadWide(const T* at) {
  return *at;
}
template <typename T>
__device__ __forceinline__ void StoreWide(T* at, T value) {
  *at = value;
}
#else
template <typename... Parameters, typename... Arguments>
void LaunchKernel(const char* name, void (*kernel)(Parameters...), const LaunchShape& shape,
                  const Arguments&... arguments) {
  simt::LaunchKernel(name, kernel, shape.grid, shape.block, shape.shared_bytes, arguments...);
}

template <typename T>
__device__ __forceinline__ T LoadInput(const T* at) {
  return __ldg(at);
}
template <typename T>
__device__ __forceinline__ T LoadWide(const T* at) {
  return __ldg(at);
}
template <typename T>
__device__ __forceinline__ void StoreWide(T* at, T value) {
  simt::CheckWrite(at, sizeof(T));
  StoreUnchecked(at, value);
}
#endif

}  // namespace sparsetune::cuda
