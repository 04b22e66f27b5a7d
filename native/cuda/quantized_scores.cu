#include "cuda/check.cuh"
#include "cuda/dispatch.cuh"
#include "cuda/element.cuh"
#include "cuda/scores.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 128;
constexpr unsigned kBlockKeys = 64;  ///< kQuantBlockKeys of the CPU kernels
constexpr unsigned kMaxHeadDim = 512;
constexpr float kLargestCode = 127;
constexpr float kSmallest = 1e-30f;
constexpr uint8_t kZero = 128;

/// QuantBlockBytes of the CPU kernels; channels a multiple of 4.
__host__ __device__ constexpr size_t BlockBytes(size_t head_dim) {
  return kBlockKeys * (head_dim + sizeof(float));
}

/// The largest magnitude over a warp that holds it in parts, where it is not next to nothing.
__device__ __forceinline__ float LargestOfWarp(float largest) {
  SPARSETUNE_UNROLLED
  for (int bit = 16; bit > 0; bit /= 2) {
    largest = fmaxf(largest, __shfl_xor_sync(kAllLanes, largest, bit));
  }
  return largest > kSmallest ? largest : 0.0f;
}

struct QueryArgs {
  const float* queries;
  unsigned head_dim;
  int8_t* codes;
};

/// Block: a warp, one query.
__global__ void __launch_bounds__(32) QuantizeQueryKernel(QueryArgs args) {
  const float* query = args.queries + static_cast<size_t>(blockIdx.x) * args.head_dim;
  int8_t* codes = args.codes + static_cast<size_t>(blockIdx.x) * args.head_dim;
  float largest = 0;
  for (unsigned i = threadIdx.x; i < args.head_dim; i += 32) {
    largest = fmaxf(largest, fabsf(query[i]));
  }
  largest = LargestOfWarp(largest);
  const float factor = largest > 0 ? kLargestCode / largest : 0.0f;
  for (unsigned i = threadIdx.x; i < args.head_dim; i += 32) {
    codes[i] = static_cast<int8_t>(rintf(query[i] * factor));
  }
}

struct KeyArgs {
  KvRows kv;
  size_t begin;
  size_t end;
  uint8_t* blocks;
  size_t stride;
};

/// Block (block of keys, head): a warp takes keys in turn. Keys of the block that do not exist yet
/// become zeros, where the block is new.
template <typename T>
__global__ void __launch_bounds__(kThreads) QuantizeKeyKernel(KeyArgs args) {
  const unsigned lane = threadIdx.x % 32;
  const size_t head_dim = args.kv.head_dim;
  const size_t block = args.begin / kBlockKeys + blockIdx.x;
  const T* keys = static_cast<const T*>(args.kv.keys) + blockIdx.y * args.kv.head_stride;
  uint8_t* out = args.blocks + (blockIdx.y * args.stride + block) * BlockBytes(head_dim);
  for (unsigned slot = threadIdx.x / 32; slot < kBlockKeys; slot += kThreads / 32) {
    const size_t key = block * kBlockKeys + slot;
    const bool is_there = key >= args.begin && key < args.end;
    const bool is_zero = key >= args.end && block * kBlockKeys >= args.begin;
    if (!is_there && !is_zero) continue;
    const T* row = keys + key * args.kv.row_stride;
    float largest = 0;
    for (size_t i = lane; i < head_dim && is_there; i += 32) {
      largest = fmaxf(largest, fabsf(ReadFloat(row + i)));
    }
    largest = LargestOfWarp(largest);
    const float factor = largest > 0 ? kLargestCode / largest : 0.0f;
    for (size_t i = lane; i < head_dim; i += 32) {
      const float element = is_there ? ReadFloat(row + i) * factor : 0.0f;
      out[i / 4 * kBlockKeys * 4 + slot * 4 + i % 4] =
          static_cast<uint8_t>(kZero + static_cast<int>(rintf(element)));
    }
    if (lane == 0) {
      reinterpret_cast<float*>(out + kBlockKeys * head_dim)[slot] = largest / kLargestCode;
    }
  }
}

struct ScoreArgs {
  const int8_t* codes;
  unsigned group_size;
  const uint8_t* blocks;
  size_t block_stride;
  unsigned head_dim;
  unsigned n_blocks;
  float* scores;
  size_t stride;
};

/// Block (pair of blocks of keys, head): a thread takes a key, so that a warp reads 128 bytes.
template <int kGroup>
__global__ void __launch_bounds__(kThreads) QuantizedScoreKernel(ScoreArgs args) {
  SPARSETUNE_SHARED(int, codes, kGroup* kMaxHeadDim / 4);
  const unsigned n_words = args.head_dim / 4;
  const size_t first_query = static_cast<size_t>(blockIdx.y) * args.group_size;
  const auto* words = reinterpret_cast<const int*>(args.codes + first_query * args.head_dim);
  for (unsigned i = threadIdx.x; i < args.group_size * n_words; i += kThreads) {
    codes[i / n_words * (kMaxHeadDim / 4) + i % n_words] = LoadInput(words + i);
  }
  __syncthreads();
  const unsigned key = blockIdx.x * kThreads + threadIdx.x;
  if (key >= args.n_blocks * kBlockKeys) return;
  const uint8_t* block =
      args.blocks + (blockIdx.y * args.block_stride + key / kBlockKeys) * BlockBytes(args.head_dim);
  const auto* elements = reinterpret_cast<const unsigned*>(block) + key % kBlockKeys;
  int sums[kGroup] = {};
#pragma unroll 8
  for (unsigned w = 0; w < n_words; ++w) {
    // The upper bit taken away leaves the element without the 128 that was added.
    const unsigned four = LoadInput(elements + w * kBlockKeys) ^ 0x80808080u;
    SPARSETUNE_UNROLLED
    for (int g = 0; g < kGroup; ++g) {
      if (g >= static_cast<int>(args.group_size)) break;
      sums[g] = __dp4a(static_cast<int>(four), codes[g * (kMaxHeadDim / 4) + w], sums[g]);
    }
  }
  const auto* scales = reinterpret_cast<const float*>(block + kBlockKeys * args.head_dim);
  const float scale = LoadInput(scales + key % kBlockKeys);
  SPARSETUNE_UNROLLED
  for (int g = 0; g < kGroup; ++g) {
    if (g >= static_cast<int>(args.group_size)) break;
    args.scores[(first_query + g) * args.stride + key] = static_cast<float>(sums[g]) * scale;
  }
}

bool IsHeadDim(size_t head_dim) {
  return head_dim > 0 && head_dim % 4 == 0 && head_dim <= kMaxHeadDim;
}

template <typename T>
Status LaunchQuantizeKeys(const KeyArgs& args, const LaunchShape& shape) {
  LaunchKernel("QuantizeKeys", QuantizeKeyKernel<T>, shape, args);
  return LaunchStatus();
}

}  // namespace

Status QuantizeQueries(const float* queries, size_t n, size_t head_dim, int8_t* codes,
                       Stream stream) {
  if (!IsHeadDim(head_dim) || n == 0) return Status::kInvalidShape;
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(n);
  shape.block = 32;
  shape.stream = stream;
  const QueryArgs args = {queries, static_cast<unsigned>(head_dim), codes};
  LaunchKernel("QuantizeQueries", QuantizeQueryKernel, shape, args);
  return LaunchStatus();
}

Status QuantizeKeys(const KvRows& kv, size_t begin, size_t end, uint8_t* blocks, size_t stride,
                    Stream stream) {
  if (!IsHeadDim(kv.head_dim) || kv.n_kv_heads == 0 || begin > end || end > stride * kBlockKeys) {
    return Status::kInvalidShape;
  }
  if (begin == end) return Status::kOk;
  LaunchShape shape;
  const size_t n_blocks = (end - 1) / kBlockKeys - begin / kBlockKeys + 1;
  shape.grid = dim3(static_cast<unsigned>(n_blocks), static_cast<unsigned>(kv.n_kv_heads));
  shape.block = kThreads;
  shape.stream = stream;
  const KeyArgs args = {kv, begin, end, blocks, stride};
  if (kv.dtype == Dtype::kF32) return LaunchQuantizeKeys<float>(args, shape);
  if (kv.dtype == Dtype::kF16) return LaunchQuantizeKeys<F16>(args, shape);
  return LaunchQuantizeKeys<Bf16>(args, shape);
}

Status QuantizedScores(const int8_t* codes, size_t group_size, const QuantizedKeys& keys,
                       size_t n_blocks, float* scores, size_t stride, Stream stream) {
  if (!IsHeadDim(keys.head_dim) || keys.n_kv_heads == 0 || group_size == 0 ||
      n_blocks > keys.stride || stride < n_blocks * kBlockKeys) {
    return Status::kInvalidShape;
  }
  if (n_blocks == 0) return Status::kOk;
  return WithGroup(group_size, [&](auto group) {
    LaunchShape shape;
    shape.grid =
        dim3(Ceil(n_blocks * kBlockKeys, kThreads), static_cast<unsigned>(keys.n_kv_heads));
    shape.block = kThreads;
    shape.stream = stream;
    const ScoreArgs args = {codes,
                            static_cast<unsigned>(group_size),
                            keys.blocks,
                            keys.stride,
                            static_cast<unsigned>(keys.head_dim),
                            static_cast<unsigned>(n_blocks),
                            scores,
                            stride};
    LaunchKernel("QuantizedScores", QuantizedScoreKernel<decltype(group)::value>, shape, args);
    return LaunchStatus();
  });
}

}  // namespace sparsetune::cuda
