// What is left of native/cuda in a build without nvcc.
#if !defined(SPARSETUNE_HAS_CUDA)

#include "cuda/errors.h"
#include "cuda/probe.h"

namespace sparsetune::cuda {

Probed Probe() {
  Probed probed;
  probed.reason = "this build has no CUDA kernels (SPARSETUNE_CUDA=off, or nvcc was not found)";
  return probed;
}

std::string LastError() { return Probe().reason; }

}  // namespace sparsetune::cuda

#endif
