// device.h on a real GPU.
#include "cuda/platform.cuh"
#include "simt/device.h"

namespace simt {
namespace {

void Check(cudaError_t error) {
  sparsetune::testing::Expect(error == cudaSuccess, cudaGetErrorString(error));
}

}  // namespace

void* DeviceNew(size_t n, const char* /*name*/) {
  void* memory = nullptr;
  if (n > 0) Check(cudaMalloc(&memory, n));
  return memory;
}

void DeviceDelete(void* memory) { Check(cudaFree(memory)); }

void CopyToDevice(void* to, const void* from, size_t n) {
  Check(cudaMemcpy(to, from, n, cudaMemcpyHostToDevice));
}

void CopyToHost(void* to, const void* from, size_t n) {
  Check(cudaMemcpy(to, from, n, cudaMemcpyDeviceToHost));
}

void ProtectInput(void* /*memory*/) {}

void ExpectNoFaults() { Check(cudaDeviceSynchronize()); }

int OrderCount() { return 1; }

void SetOrder(int /*order*/) {}

}  // namespace simt
