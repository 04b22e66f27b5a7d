#include "cuda/check.cuh"
#include "cuda/sampling.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kWarps = kThreads / 32;

struct BudgetArgs {
  AdaptiveInput input;
  uint32_t* budgets;
};

struct Largest {
  __device__ __forceinline__ double operator()(double a, double b) const { return a > b ? a : b; }
};
struct Sum {
  __device__ __forceinline__ double operator()(double a, double b) const { return a + b; }
};

/// The same for every thread of the block.
template <typename Combine>
__device__ double Reduce(double value, const Combine& combine, double* room) {
  SPARSETUNE_UNROLLED
  for (int bit = 16; bit > 0; bit /= 2) {
    value = combine(value, __shfl_xor_sync(kAllLanes, value, bit));
  }
  if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = value;
  __syncthreads();
  double all = room[0];
  for (unsigned w = 1; w < kWarps; ++w) all = combine(all, room[w]);
  __syncthreads();
  return all;
}

/// The exponents of one head.
struct Exponents {
  const AdaptiveInput& input;
  unsigned head;
  uint32_t n_kept;

  __device__ __forceinline__ double Base(unsigned i) const {
    return static_cast<double>(input.scale) *
           LoadInput(input.base_scores + head * input.base_stride + i);
  }
  /// Calls visit(exponent) for the thread's share of what is kept for certain.
  template <typename Visit>
  __device__ __forceinline__ void ForEachKnown(const Visit& visit) const {
    const double scale = input.scale;
    for (unsigned i = threadIdx.x; i < input.n_run; i += kThreads) {
      visit(scale * LoadInput(input.run_scores + head * input.run_stride + i));
    }
    for (unsigned i = threadIdx.x; i < n_kept; i += kThreads) {
      const size_t at = head * input.kept_stride + i;
      const double weight =
          input.kept_weights == nullptr ? 0.0 : LoadInput(input.kept_weights + at);
      visit(scale * LoadInput(input.kept_scores + at) + weight);
    }
  }
};

/// SampleBudget of the CPU kernels.
__device__ uint32_t Budget(const AdaptiveInput& input, double certain, double mean,
                           double deviation, double population) {
  const double error = deviation / sqrt(static_cast<double>(input.n_base));
  const double least = mean - error > 0 ? mean - error : 0.0;
  const double denominator = certain + population * least;
  const double spread = input.quantile * deviation * population;
  if (!(spread > 0)) return 1;
  const double ratio = input.epsilon * denominator / spread;
  const double wanted = ceil(1 / (1 / population + ratio * ratio));
  return static_cast<uint32_t>(wanted < 1 ? 1 : wanted > population ? population : wanted);
}

/// Block: one head.
__global__ void __launch_bounds__(kThreads) BudgetKernel(BudgetArgs args) {
  SPARSETUNE_SHARED(double, room, kWarps);
  const AdaptiveInput& input = args.input;
  const unsigned head = blockIdx.x;
  const uint32_t n_kept = input.kept_counts == nullptr ? 0 : LoadInput(input.kept_counts + head);
  const Exponents exponents = {input, head, n_kept};
  if (n_kept + input.n_base >= input.n_range) {
    if (threadIdx.x == 0) args.budgets[head] = 0;
    return;
  }
  double largest = -INFINITY;
  const Largest larger;
  exponents.ForEachKnown([&](double exponent) { largest = larger(largest, exponent); });
  for (unsigned i = threadIdx.x; i < input.n_base; i += kThreads) {
    largest = larger(largest, exponents.Base(i));
  }
  largest = Reduce(largest, larger, room);
  double known = 0;
  double base = 0;
  exponents.ForEachKnown([&](double exponent) { known += exp(exponent - largest); });
  for (unsigned i = threadIdx.x; i < input.n_base; i += kThreads) {
    base += exp(exponents.Base(i) - largest);
  }
  base = Reduce(base, Sum(), room);
  const double certain = Reduce(known, Sum(), room) + base;
  const double n = input.n_base;
  const double mean = base / n;
  double squares = 0;
  for (unsigned i = threadIdx.x; i < input.n_base; i += kThreads) {
    const double rest = exp(exponents.Base(i) - largest) - mean;
    squares += rest * rest;
  }
  squares = Reduce(squares, Sum(), room);
  if (threadIdx.x > 0) return;
  const double population = input.n_range - n_kept - input.n_base;
  args.budgets[head] = Budget(input, certain, mean, sqrt(squares / (n - 1)), population);
}

}  // namespace

Status AdaptiveBudgets(const AdaptiveInput& input, size_t n_q_heads, uint32_t* budgets,
                       Stream stream) {
  if (n_q_heads == 0 || input.n_base < 2) return Status::kInvalidShape;
  if (!(input.epsilon > 0) || !(input.quantile > 0)) return Status::kInvalidArgument;
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(n_q_heads);
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("AdaptiveBudgets", BudgetKernel, shape, BudgetArgs{input, budgets});
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
