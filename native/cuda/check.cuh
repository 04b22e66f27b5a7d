#pragma once

#include "core/status.h"
#include "cuda/platform.cuh"

namespace sparsetune::cuda {

/// kOk, kOutOfMemory or kDevice; keeps the text for LastError.
Status Checked(cudaError_t error);

/// Of the launches since the last call.
Status LaunchStatus();

inline unsigned Ceil(size_t n, size_t unit) { return static_cast<unsigned>((n + unit - 1) / unit); }

}  // namespace sparsetune::cuda
