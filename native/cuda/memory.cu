#include "cuda/check.cuh"
#include "cuda/memory.h"

namespace sparsetune::cuda {
namespace {

/// Checked, and no later launch is told of the same failure.
Status Reported(cudaError_t error) {
  if (error != cudaSuccess) cudaGetLastError();
  return Checked(error);
}

Status CopyRows(void* to, const void* from, const Pitched& rows, cudaMemcpyKind kind,
                Stream stream) {
  return Reported(cudaMemcpy2DAsync(to, rows.to_pitch, from, rows.from_pitch, rows.width,
                                    rows.n_rows, kind, stream));
}

}  // namespace

DeviceBuffer::~DeviceBuffer() {
  if (memory_ != nullptr) cudaFree(memory_);  // of null, it would begin to use the device
}

DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Status DeviceBuffer::Allocate(size_t bytes) {
  DeviceBuffer fresh;
  const Status status = Reported(cudaMalloc(&fresh.memory_, bytes));
  if (status != Status::kOk) return status;
  fresh.bytes_ = bytes;
  *this = std::move(fresh);
  return Status::kOk;
}

OwnedStream::~OwnedStream() {
  if (stream_ != nullptr) cudaStreamDestroy(stream_);
}

Status OwnedStream::Create() {
  return stream_ != nullptr ? Status::kOk : Reported(cudaStreamCreate(&stream_));
}

Status CopyToDevice(void* to, const void* from, size_t bytes, Stream stream) {
  return Reported(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream));
}

Status CopyToHost(void* to, const void* from, size_t bytes, Stream stream) {
  return Reported(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream));
}

Status CopyOnDevice(void* to, const void* from, size_t bytes, Stream stream) {
  return Reported(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream));
}

Status CopyRowsToDevice(void* to, const void* from, const Pitched& rows, Stream stream) {
  return CopyRows(to, from, rows, cudaMemcpyHostToDevice, stream);
}

Status CopyRowsOnDevice(void* to, const void* from, const Pitched& rows, Stream stream) {
  return CopyRows(to, from, rows, cudaMemcpyDeviceToDevice, stream);
}

Status Clear(void* memory, size_t bytes, Stream stream) {
  return Reported(cudaMemsetAsync(memory, 0, bytes, stream));
}

Status UseFirstDevice() { return Reported(cudaSetDevice(0)); }

bool IsOnDevice(const void* address) {
  cudaPointerAttributes attributes;
  if (Reported(cudaPointerGetAttributes(&attributes, address)) != Status::kOk) return false;
  return attributes.type == cudaMemoryTypeDevice && attributes.device == 0;
}

Status Synchronise(Stream stream) { return Reported(cudaStreamSynchronize(stream)); }

Status ReadDeviceMemory(DeviceMemory* memory) {
  return Reported(cudaMemGetInfo(&memory->n_free, &memory->n_total));
}

size_t MultiprocessorCount() {
  int n = 0;
  const Status status = Reported(cudaDeviceGetAttribute(&n, cudaDevAttrMultiProcessorCount, 0));
  return status == Status::kOk && n > 0 ? static_cast<size_t>(n) : 1;
}

}  // namespace sparsetune::cuda
