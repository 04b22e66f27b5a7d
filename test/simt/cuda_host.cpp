#include "cuda_host.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

#include "memory.h"
#include "reports.h"
#include "traffic.h"

namespace {

constexpr size_t kDefaultDynamicBytes = 48 * 1024;
constexpr int kVersion = 13000;

using Lock = std::lock_guard<std::recursive_mutex>;

thread_local cudaError_t last_error = cudaSuccess;
std::map<const void*, size_t> dynamic_limits;
size_t allocations_left = 0;  ///< until one fails, 0: none is to
size_t launches_left = 0;

bool IsPlanted(size_t* n_left) { return *n_left > 0 && --*n_left == 0; }

cudaError_t Note(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

bool IsOnRightSides(const void* to, const void* from, size_t n, cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDeviceToDevice) {
    return simt::IsDeviceOrForeign(to, n) && simt::IsDeviceOrForeign(from, n);
  }
  const bool is_to_device = simt::IsDeviceMemory(to, n);
  const bool is_from_device = simt::IsDeviceMemory(from, n);
  return is_to_device == (kind == cudaMemcpyHostToDevice) &&
         is_from_device == (kind == cudaMemcpyDeviceToHost);
}

}  // namespace

const char* cudaGetErrorName(cudaError_t error) {
  if (error == cudaSuccess) return "cudaSuccess";
  if (error == cudaErrorMemoryAllocation) return "cudaErrorMemoryAllocation";
  if (error == cudaErrorInvalidConfiguration) return "cudaErrorInvalidConfiguration";
  if (error == cudaErrorLaunchFailure) return "cudaErrorLaunchFailure";
  return "cudaErrorInvalidValue";
}

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaSuccess) return "no error";
  if (error == cudaErrorMemoryAllocation) return "out of memory";
  if (error == cudaErrorInvalidConfiguration) return "invalid configuration argument";
  if (error == cudaErrorLaunchFailure) return "unspecified launch failure";
  return "invalid argument";
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }
cudaError_t cudaGetDeviceCount(int* n) {
  *n = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return Note(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr /*attribute*/, int /*device*/) {
  *value = 4;  // few, so that splits stay short
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int /*device*/) {
  std::strcpy(properties->name, "emulated");
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, size_t n) {
  const Lock lock(simt::HostMutex());
  *memory = n == 0 || IsPlanted(&allocations_left) ? nullptr : simt::AllocateDevice(n);
  return Note(n == 0 || *memory != nullptr ? cudaSuccess : cudaErrorMemoryAllocation);
}

cudaError_t cudaFree(void* memory) {
  const Lock lock(simt::HostMutex());
  const bool is_freed = memory == nullptr || simt::FreeDevice(memory);
  return Note(is_freed ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* memory) {
  const Lock lock(simt::HostMutex());
  *attributes = {};
  if (simt::IsDeviceOrForeign(memory, 1)) {
    attributes->type = cudaMemoryTypeDevice;
    attributes->devicePointer = const_cast<void*>(memory);
  }
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* n_free, size_t* n_total) {
  const Lock lock(simt::HostMutex());
  *n_total = simt::GetOptions().device_bytes;
  *n_free = *n_total - simt::DeviceBytes();
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t n, cudaMemcpyKind kind,
                            cudaStream_t /*stream*/) {
  const Lock lock(simt::HostMutex());
  if (n == 0) return cudaSuccess;
  if (!IsOnRightSides(to, from, n, kind)) return Note(cudaErrorInvalidValue);
  std::memmove(to, from, n);
  if (kind == cudaMemcpyDeviceToDevice) {
    simt::CopyWritten(to, from, n);
    if (simt::IsTrafficLogged()) simt::LogTraffic("copy", 2 * n);
  } else {
    simt::MarkWritten(to, n);
  }
  return cudaSuccess;
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                              size_t width, size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  for (size_t row = 0; row < height; ++row) {
    const cudaError_t error =
        cudaMemcpyAsync(static_cast<char*>(to) + row * to_pitch,
                        static_cast<const char*>(from) + row * from_pitch, width, kind, stream);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* memory, int value, size_t n, cudaStream_t /*stream*/) {
  const Lock lock(simt::HostMutex());
  if (n == 0) return cudaSuccess;
  if (!simt::IsDeviceMemory(memory, n)) return Note(cudaErrorInvalidValue);
  std::memset(memory, value, n);
  simt::MarkWritten(memory, n);
  if (simt::IsTrafficLogged()) simt::LogTraffic("clear", n);
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  *stream = reinterpret_cast<cudaStream_t>(std::malloc(1));
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  std::free(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t /*stream*/) {
  const Lock lock(simt::HostMutex());
  return Note(simt::HasReports() ? cudaErrorLaunchFailure : cudaSuccess);
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* /*kernel*/) {
  *attributes = {};
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute /*attribute*/, int value) {
  const Lock lock(simt::HostMutex());
  const auto n = static_cast<size_t>(value);
  if (value < 0 || n > simt::GetOptions().shared_bytes) return Note(cudaErrorInvalidValue);
  dynamic_limits[kernel] = n;
  return cudaSuccess;
}

namespace simt {

size_t DynamicLimitOf(const void* kernel) {
  const auto found = dynamic_limits.find(kernel);
  return found == dynamic_limits.end() ? kDefaultDynamicBytes : found->second;
}

void FailAllocation(size_t nth) { allocations_left = nth; }
void FailLaunch(size_t nth) { launches_left = nth; }

std::recursive_mutex& HostMutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

namespace {

bool RunLogged(const Launch& launch) {
  TakeTraffic();
  GetOptions().measures = true;
  const bool is_allowed = Run(launch);
  GetOptions().measures = false;
  const Traffic traffic = TakeTraffic();
  LogTraffic(launch.name, kSectorBytes * (traffic.read_sectors + traffic.written_sectors));
  return is_allowed;
}

}  // namespace

void RunLaunch(const Launch& launch) {
  const Lock lock(HostMutex());
  const bool is_allowed =
      !IsPlanted(&launches_left) && (IsTrafficLogged() ? RunLogged(launch) : Run(launch));
  if (!is_allowed) Note(cudaErrorInvalidConfiguration);
}

}  // namespace simt
