#include "cuda/check.cuh"
#include "cuda/errors.h"

namespace sparsetune::cuda {
namespace {

thread_local std::string last_error;

}  // namespace

std::string LastError() { return last_error; }

Status Checked(cudaError_t error) {
  if (error == cudaSuccess) return Status::kOk;
  last_error = std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
  return error == cudaErrorMemoryAllocation ? Status::kOutOfMemory : Status::kDevice;
}

Status LaunchStatus() { return Checked(cudaGetLastError()); }

}  // namespace sparsetune::cuda
