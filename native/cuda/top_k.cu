#include "cuda/check.cuh"
#include "cuda/ordered_rows.cuh"
#include "cuda/top_k.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kCopies = 4;

struct TopKArgs {
  ScoreRows rows;
  unsigned k;  ///< 1..n
  uint32_t* indices;
  uint32_t* has_nan;
};

struct One {
  __device__ __forceinline__ uint32_t operator()(uint32_t /*key*/) const { return 1; }
};

/// Block: one row.
__global__ void __launch_bounds__(kRowThreads) TopKKernel(TopKArgs args) {
  const Row row = {args.rows.scores + blockIdx.x * args.rows.stride,
                   static_cast<unsigned>(args.rows.n)};
  bool has_nan = false;
  for (unsigned i = threadIdx.x; i < row.n; i += kRowThreads) {
    const float score = LoadInput(row.scores + i);
    has_nan = has_nan || score != score;
  }
  if (has_nan) atomicOr(args.has_nan, 1u);
  const Cut<uint32_t> cut = FindCut<uint32_t, kCopies>(row, args.k, One());
  Collect(row, cut.prefix, cut.need, args.indices + static_cast<size_t>(blockIdx.x) * args.k);
}

}  // namespace

Status TopK(const ScoreRows& rows, size_t k, uint32_t* indices, uint32_t* has_nan, Stream stream) {
  if (!AreRows(rows)) return Status::kInvalidShape;
  if (rows.n == 0 || rows.n_rows == 0 || k == 0) return Status::kOk;
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(rows.n_rows);
  shape.block = kRowThreads;
  shape.stream = stream;
  const TopKArgs args = {rows, static_cast<unsigned>(k < rows.n ? k : rows.n), indices, has_nan};
  LaunchKernel("TopK", TopKKernel, shape, args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
