#include <algorithm>

#include "cuda/check.cuh"
#include "cuda/lsh.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 128;

struct WeightArgs {
  LshWeighed weighed;
  float lsh_k;
  float min_matches;
  float* scores;
};

// The arithmetic of kernels/lsh/weights_body.inl, which gives the sources of the polynomials.

/// acos(a) / pi / sqrt(1 - a) for a in [0, 1].
__device__ __forceinline__ float AngleFactor(float a) {
  float p = -3.85708112e-4f;
  p = fmaf(p, a, 2.06631545e-3f);
  p = fmaf(p, a, -5.36067348e-3f);
  p = fmaf(p, a, 9.77915529e-3f);
  p = fmaf(p, a, -1.59518781e-2f);
  p = fmaf(p, a, 2.83196655e-2f);
  p = fmaf(p, a, -6.83087145e-2f);
  return fmaf(p, a, 0.499999991f);
}

/// 1 - angle / pi of a cosine in [-1, 1]; not below 2^-24.
__device__ __forceinline__ float Closeness(float cosine) {
  const float a = fabsf(cosine);
  const float angle = sqrtf(1.0f - a) * AngleFactor(a);
  return fmaxf(cosine < 0 ? angle : 1.0f - angle, 0x1p-24f);
}

/// What is the same for all keys of a query.
struct QueryFactors {
  double norm;
  double dot_mean;
};

__device__ QueryFactors FactorsOf(const LshWeighed& weighed, unsigned query, double* room) {
  const auto head = static_cast<unsigned>(query / weighed.queries.group_size);
  double norm = 0;
  double dot_mean = 0;
  for (unsigned i = threadIdx.x; i < 32 && i < weighed.head_dim; i += 32) {
    for (size_t channel = i; channel < weighed.head_dim; channel += 32) {
      const double x = LoadInput(weighed.queries.rows + query * weighed.head_dim + channel);
      norm += x * x;
      dot_mean += x * LoadInput(weighed.mean + head * weighed.head_dim + channel);
    }
  }
  if (threadIdx.x < 32) {
    SPARSETUNE_UNROLLED
    for (int bit = 16; bit > 0; bit /= 2) {
      norm += __shfl_xor_sync(kAllLanes, norm, bit);
      dot_mean += __shfl_xor_sync(kAllLanes, dot_mean, bit);
    }
    if (threadIdx.x == 0) room[0] = sqrt(norm);
    if (threadIdx.x == 0) room[1] = dot_mean;
  }
  __syncthreads();
  return {room[0], room[1]};
}

__device__ __forceinline__ float Cosine(const QueryFactors& query, float dot, float norm) {
  if (query.norm == 0 && norm == 0) return 1;
  if (query.norm == 0 || norm == 0) return 0;
  const auto centred = static_cast<float>(dot - query.dot_mean);
  const float cosine = centred * static_cast<float>(1 / query.norm) / norm;
  return fminf(fmaxf(cosine, -1.0f), 1.0f);
}

__device__ __forceinline__ float LogWeight(const WeightArgs& args, float cosine) {
  const float s = log2f(Closeness(cosine)) * (-16.0f * args.lsh_k);
  const float in_range = fminf(s, 511.9999f);
  const auto part = static_cast<int>(in_range);
  const float t = in_range - static_cast<float>(part);
  const auto* parts = reinterpret_cast<const float4*>(args.weighed.curve);
  const float4 c = LoadInput(parts + part);
  const float rest = fmaf(fmaf(fmaf(c.w, t, c.z), t, c.y), t, c.x);
  return fmaxf(s * (0.0433216988f * args.min_matches) - rest, 0.0f);
}

/// Block (chunk of a list, query head).
__global__ void __launch_bounds__(kThreads) WeightKernel(WeightArgs args) {
  SPARSETUNE_SHARED(double, room, 2);
  const LshWeighed& weighed = args.weighed;
  const unsigned query = blockIdx.y;
  const auto head = static_cast<unsigned>(query / weighed.queries.group_size);
  const QueryFactors factors = FactorsOf(weighed, query, room);
  const uint32_t n = LoadInput(weighed.lists.counts + head);
  for (unsigned i = blockIdx.x * kThreads + threadIdx.x; i < n; i += gridDim.x * kThreads) {
    const uint32_t key = LoadInput(weighed.lists.indices + head * weighed.lists.stride + i);
    const uint32_t word = LoadInput(weighed.found.words + query * weighed.found.stride + key / 32);
    float* score = args.scores + query * weighed.lists.stride + i;
    const float norm = LoadInput(weighed.norms + head * weighed.norm_stride + key);
    const bool is_found = (word >> key % 32 & 1) != 0;
    *score = is_found ? LogWeight(args, Cosine(factors, *score, norm)) : -INFINITY;
  }
}

}  // namespace

Status LshLogWeights(const LshWeighed& weighed, const LshParams& params, uint32_t min_matches,
                     float* scores, Stream stream) {
  if (weighed.n_kv_heads == 0 || weighed.lists.n != weighed.n_kv_heads ||
      weighed.queries.group_size == 0 || weighed.head_dim == 0) {
    return Status::kInvalidShape;
  }
  if (min_matches < 1 || min_matches > 2) return Status::kInvalidArgument;
  LaunchShape shape;
  const unsigned n_chunks = std::min(Ceil(weighed.lists.stride, kThreads), 64u);
  shape.grid =
      dim3(n_chunks, static_cast<unsigned>(weighed.n_kv_heads * weighed.queries.group_size));
  shape.block = kThreads;
  shape.stream = stream;
  const WeightArgs args = {weighed, static_cast<float>(params.lsh_k),
                           static_cast<float>(min_matches), scores};
  LaunchKernel("LshLogWeights", WeightKernel, shape, args);
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
