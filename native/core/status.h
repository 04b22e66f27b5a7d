#pragma once

namespace sparsetune {

/// Outcome of a kernel or masker call. Kernels never throw and never allocate.
enum class Status {
  kOk = 0,
  kInvalidShape,     ///< a size is zero, or sizes disagree with each other
  kInvalidArgument,  ///< a scalar parameter is outside its documented range
  kUnsupported,      ///< this instruction set, kind or semantics is not built
  kOutOfMemory,      ///< scratch or index memory could not be had
  kDevice,           ///< a call of CUDA failed; cuda::LastError() has its text
};

}  // namespace sparsetune
