#include "simt/cuda_host.h"
#include "simt/device.h"
#include "simt/memory.h"
#include "simt/reports.h"
#include "simt/scheduler.h"

namespace simt {

void* DeviceNew(size_t n, const char* name) {
  void* memory = nullptr;
  cudaMalloc(&memory, n);
  if (memory != nullptr) NameRegion(memory, name);
  return memory;
}

void DeviceDelete(void* memory) { cudaFree(memory); }

void CopyToDevice(void* to, const void* from, size_t n) {
  cudaMemcpyAsync(to, from, n, cudaMemcpyHostToDevice, nullptr);
}

void CopyToHost(void* to, const void* from, size_t n) {
  cudaMemcpyAsync(to, from, n, cudaMemcpyDeviceToHost, nullptr);
}

void ProtectInput(void* memory) {
  if (memory != nullptr) MarkReadOnly(memory);
}

void ExpectNoFaults() {
  for (const Report& report : TakeReports()) sparsetune::testing::Expect(false, report.text);
  const cudaError_t error = cudaGetLastError();
  sparsetune::testing::Expect(error == cudaSuccess, cudaGetErrorString(error));
}

int OrderCount() { return 3; }

void SetOrder(int order) { GetOptions().order = static_cast<Order>(order); }

}  // namespace simt
