#pragma once

struct CUstream_st;

namespace sparsetune::cuda {

/// A cudaStream_t: work on one runs in order; null is the default stream.
using Stream = CUstream_st*;

}  // namespace sparsetune::cuda
