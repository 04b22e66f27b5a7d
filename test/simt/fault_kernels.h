#pragma once

#include <cstddef>

#include "simt.h"

// Kernels with one planted fault each, and clean ones; compiled as those of native/cuda are.

namespace simt::faults {

struct Buffers {
  int* out = nullptr;          ///< [64], nobody wrote it
  const int* in = nullptr;     ///< [64] zeros, read-only
  int* zeros = nullptr;        ///< [64]
  uint8_t* bytes = nullptr;    ///< [64], nobody wrote it
  const int* freed = nullptr;  ///< [64], given back
};

struct Kernel {
  const char* title;
  const char* fault;  ///< a FaultName; null: a clean kernel
  void (*kernel)(Buffers);
  dim3 grid = 1;
  dim3 block = 64;
  size_t dynamic_bytes = 0;
};

/// Every report on one of these must name a line that ends with "// fault" or "// or here".
extern const Kernel kMemoryFaults[];
extern const size_t kMemoryFaultCount;
extern const Kernel kCallFaults[];
extern const size_t kCallFaultCount;
extern const Kernel kCleanKernels[];
extern const size_t kCleanKernelCount;

/// The source of the kernels whose report names this file.
extern const char* const kMemoryFaultSource;
extern const char* const kCallFaultSource;

// What is measured: out[i] = in[4 i], then through shared memory with a stride of 32 words.
void ReadSpread(Buffers buffers);
void ReadDense(Buffers buffers);
void ShareSpread(Buffers buffers);
void ShareDense(Buffers buffers);
/// out[i] = how many threads came before thread i.
void TakeTickets(Buffers buffers);

/// Host code that writes device memory.
void WriteFromHost(Buffers buffers);

}  // namespace simt::faults
