#pragma once

// CUDA's runtime for host code, as far as native/cuda uses it. Launches and copies end before they
// return, whatever the stream; those of several host threads run one after another.

#include <cstddef>
#include <mutex>
#include <tuple>
#include <utility>

#include "cuda_types.h"
#include "scheduler.h"

typedef struct CUstream_st* cudaStream_t;

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInvalidDevice = 101,
  cudaErrorLaunchFailure = 719,
};
enum cudaMemoryType { cudaMemoryTypeUnregistered = 0, cudaMemoryTypeHost, cudaMemoryTypeDevice };
struct cudaPointerAttributes {
  cudaMemoryType type;
  int device;
  void* devicePointer;
  void* hostPointer;
};
enum cudaMemcpyKind {
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice
};
enum cudaDeviceAttr { cudaDevAttrMultiProcessorCount = 16 };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
struct cudaFuncAttributes {
  int numRegs;
};

struct cudaDeviceProp {
  char name[256];
};

const char* cudaGetErrorName(cudaError_t error);
const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();

cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaGetDeviceCount(int* n);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);

cudaError_t cudaMalloc(void** memory, size_t n);
cudaError_t cudaFree(void* memory);
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* memory);
cudaError_t cudaMemGetInfo(size_t* n_free, size_t* n_total);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t n, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                              size_t width, size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* memory, int value, size_t n, cudaStream_t stream);
cudaError_t cudaStreamCreate(cudaStream_t* stream);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel);
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value);

namespace simt {

/// Dynamic shared memory that a kernel may have: 48 KiB, or what cudaFuncSetAttribute allowed.
size_t DynamicLimitOf(const void* kernel);
/// Held while a call works on what is emulated.
std::recursive_mutex& HostMutex();

/// Planted failures: the nth cudaMalloc, or launch, from now on fails; 0: none does.
void FailAllocation(size_t nth);
void FailLaunch(size_t nth);

/// Runs a launch; cudaGetLastError has its outcome.
void RunLaunch(const Launch& launch);

/// Calls a kernel as one thread of it.
template <typename Kernel, typename Arguments, size_t... I>
void Call(Kernel kernel, const Arguments& arguments, std::index_sequence<I...> /*indices*/) {
  kernel(std::get<I>(arguments)...);
}

/// kernel<<<grid, block, dynamic_bytes>>>(arguments...)
template <typename... Parameters, typename... Arguments>
void LaunchKernel(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
                  size_t dynamic_bytes, const Arguments&... arguments) {
  struct Bound {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> arguments;
  };
  const Bound bound = {kernel, std::tuple<Parameters...>(arguments...)};
  Launch launch;
  launch.name = name;
  launch.kernel = reinterpret_cast<const void*>(kernel);
  launch.grid = grid;
  launch.block = block;
  launch.dynamic_bytes = dynamic_bytes;
  launch.arguments = &bound;
  launch.argument_bytes = sizeof bound;
  launch.body = [](const void* memory) {
    const auto& call = *static_cast<const Bound*>(memory);
    Call(call.kernel, call.arguments, std::index_sequence_for<Parameters...>());
  };
  RunLaunch(launch);
}

}  // namespace simt
