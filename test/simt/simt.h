#pragma once

// Stands in for cuda_runtime.h where a kernel's source is compiled for the CPU; see docs/cuda.md.

#include "cuda_device.h"
#include "cuda_host.h"

#define SIMT_EMULATION 1

namespace simt {

void* SharedArray(const void* declaration, size_t n, const char* name);
void* DynamicShared();

}  // namespace simt
