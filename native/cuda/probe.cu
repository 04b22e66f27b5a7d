#include "cuda/check.cuh"
#include "cuda/probe.h"

namespace sparsetune::cuda {
namespace {

__global__ void ProbeKernel() {}

std::string TextOf(cudaError_t error) {
  return std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
}

/// Empty where device 0 runs the kernels of this build.
std::string WhyNot(const Probed& probed) {
  if (probed.driver_version == 0) return "no NVIDIA driver on this machine";
  int n_devices = 0;
  cudaError_t error = cudaGetDeviceCount(&n_devices);
  if (error != cudaSuccess) return TextOf(error);
  if (n_devices == 0) return "no CUDA device";
  cudaFuncAttributes attributes;
  error = cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(ProbeKernel));
  if (error != cudaSuccess) return "no kernels for this device: " + TextOf(error);
  return "";
}

}  // namespace

Probed Probe() {
  Probed probed;
  probed.is_built = true;
  // Without a driver this succeeds, with version 0.
  cudaDriverGetVersion(&probed.driver_version);
  cudaRuntimeGetVersion(&probed.runtime_version);
  probed.reason = WhyNot(probed);
  probed.is_available = probed.reason.empty();
  cudaDeviceProp properties;
  if (probed.is_available && cudaGetDeviceProperties(&properties, 0) == cudaSuccess) {
    probed.device = properties.name;
  }
  cudaGetLastError();  // of the calls above, so that no later one reports it
  return probed;
}

}  // namespace sparsetune::cuda
