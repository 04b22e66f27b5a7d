#include "cuda/check.cuh"
#include "cuda/element.cuh"
#include "cuda/lsh.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kMeanThreads = 128;
constexpr unsigned kThreads = 128;
constexpr unsigned kWarps = kThreads / 32;
constexpr unsigned kVectors = 32;  ///< that a block codes; a row of shared memory has some more
constexpr unsigned kPitch = kVectors + 4;
constexpr unsigned kMaxHeadDim = 256;
constexpr unsigned kPanel = kLshPanelPlanes;

struct MeanArgs {
  KvRows kv;
  unsigned n;
  unsigned n_chunks;
  double* partial;
  float* mean;
};

/// Block (chunk of keys, head): a thread sums a channel, key after key.
template <typename T>
__global__ void __launch_bounds__(kMeanThreads) SumKernel(MeanArgs args) {
  const T* keys = static_cast<const T*>(args.kv.keys) + blockIdx.y * args.kv.head_stride;
  const unsigned begin = blockIdx.x * kMeanChunk;
  const unsigned end = min(args.n, begin + static_cast<unsigned>(kMeanChunk));
  double* out = args.partial + (blockIdx.y * args.n_chunks + blockIdx.x) * args.kv.head_dim;
  for (unsigned channel = threadIdx.x; channel < args.kv.head_dim; channel += kMeanThreads) {
    double sum = 0;
#pragma unroll 8
    for (unsigned key = begin; key < end; ++key) {
      sum += ReadFloat(keys + key * args.kv.row_stride + channel);
    }
    out[channel] = sum;
  }
}

/// Block: one head.
__global__ void __launch_bounds__(kMeanThreads) MeanKernel(MeanArgs args) {
  const size_t head_dim = args.kv.head_dim;
  for (unsigned channel = threadIdx.x; channel < head_dim; channel += kMeanThreads) {
    double sum = 0;
    for (unsigned chunk = 0; chunk < args.n_chunks; ++chunk) {
      sum += args.partial[(blockIdx.x * args.n_chunks + chunk) * head_dim + channel];
    }
    args.mean[blockIdx.x * head_dim + channel] =
        static_cast<float>(sum / static_cast<double>(args.n));
  }
}

struct CodeArgs {
  const void* vectors;  ///< of vector 0 of head 0
  size_t row_stride;
  size_t head_stride;
  const float* mean;  ///< null: none
  unsigned begin;
  unsigned end;
  unsigned head_dim;
  LshParams params;
  unsigned tables;  ///< of a block
  const float* panels;
  LshKeyTable table;  ///< keys
  uint16_t* codes;    ///< queries
};

/// Brings the block's vectors, centred, into shared memory by channel.
template <typename T>
__device__ void LoadVectors(const CodeArgs& args, unsigned first, float* channels) {
  const T* vectors = static_cast<const T*>(args.vectors) + blockIdx.y * args.head_stride;
  for (unsigned i = threadIdx.x; i < kVectors * args.head_dim; i += kThreads) {
    const unsigned v = i / args.head_dim;
    const unsigned channel = i % args.head_dim;
    float value = 0;
    if (first + v < args.end) {
      value = ReadFloat(vectors + (first + v) * args.row_stride + channel);
      if (args.mean != nullptr)
        value -= LoadInput(args.mean + blockIdx.y * args.head_dim + channel);
    }
    channels[channel * kPitch + v] = value;
  }
}

/// Norms of the block's vectors, from a sum in double.
__device__ void WriteNorms(const CodeArgs& args, unsigned first, const float* channels) {
  if (threadIdx.x >= kVectors || first + threadIdx.x >= args.end) return;
  double sum = 0;
  for (unsigned i = 0; i < args.head_dim; ++i) {
    const double x = channels[i * kPitch + threadIdx.x];
    sum += x * x;
  }
  args.table.norms[blockIdx.y * 64 * args.table.stride + first + threadIdx.x] =
      static_cast<float>(sqrt(sum));
}

/// Dot products of all vectors with the thread's plane, each one chain of multiply-adds.
__device__ __forceinline__ void Project(const CodeArgs& args, unsigned plane, const float* channels,
                                        float (&dots)[kVectors]) {
  const float* column =
      args.panels + static_cast<size_t>(plane / kPanel) * args.head_dim * kPanel + plane % kPanel;
  for (unsigned i = 0; i < args.head_dim; ++i) {
    const float x = LoadInput(column + i * kPanel);
    const auto* row = reinterpret_cast<const float4*>(channels + i * kPitch);
    SPARSETUNE_UNROLLED
    for (unsigned v = 0; v < kVectors; v += 4) {
      const float4 four = LoadWide(row + v / 4);
      dots[v] = fmaf(x, four.x, dots[v]);
      dots[v + 1] = fmaf(x, four.y, dots[v + 1]);
      dots[v + 2] = fmaf(x, four.z, dots[v + 2]);
      dots[v + 3] = fmaf(x, four.w, dots[v + 3]);
    }
  }
}

/// The code of a table: lsh_k bits from bit `at` of a stream on.
__device__ __forceinline__ uint32_t CutCode(const uint32_t* stream, unsigned at, unsigned lsh_k) {
  uint32_t code = stream[at / 32] >> at % 32;
  if (at % 32 + lsh_k > 32) code |= stream[at / 32 + 1] << (32 - at % 32);
  return code & ((1u << lsh_k) - 1);
}

__device__ __forceinline__ void StoreCode(const CodeArgs& args, unsigned vector, unsigned table,
                                          uint32_t code) {
  const unsigned lsh_l = args.params.lsh_l;
  if (args.codes != nullptr) {
    args.codes[static_cast<size_t>(vector) * lsh_l + table] = static_cast<uint16_t>(code);
    return;
  }
  const size_t block = blockIdx.y * args.table.stride + vector / 64;
  const size_t at = (block * lsh_l + table) * 64 + vector % 64;
  if (args.params.lsh_k <= 8) {
    args.table.codes[at] = static_cast<uint8_t>(code);
  } else {
    reinterpret_cast<uint16_t*>(args.table.codes)[at] = static_cast<uint16_t>(code);
  }
}

/// Block (vectors, head, tables): a thread takes a plane; then a thread takes a vector and a table.
template <typename T>
__global__ void __launch_bounds__(kThreads) CodeKernel(CodeArgs args) {
  SPARSETUNE_SHARED(float, channels, kMaxHeadDim* kPitch);
  SPARSETUNE_SHARED(uint32_t, signs, kVectors * kWarps);
  // Blocks of vectors begin at multiples of 32, so that two never write one word.
  const unsigned first = (args.begin / kVectors + blockIdx.x) * kVectors;
  const unsigned first_table = blockIdx.z * args.tables;
  const unsigned n_tables = min(args.tables, args.params.lsh_l - first_table);
  LoadVectors<T>(args, first, channels);
  __syncthreads();
  if (blockIdx.z == 0 && args.table.norms != nullptr && first + threadIdx.x >= args.begin) {
    WriteNorms(args, first, channels);
  }
  const unsigned lane = threadIdx.x % 32;
  const unsigned warp = threadIdx.x / 32;
  const bool has_plane = threadIdx.x < n_tables * args.params.lsh_k;
  float dots[kVectors] = {};
  if (has_plane) Project(args, first_table * args.params.lsh_k + threadIdx.x, channels, dots);
  SPARSETUNE_UNROLLED
  for (unsigned v = 0; v < kVectors; ++v) {
    const uint32_t word = __ballot_sync(kAllLanes, has_plane && dots[v] >= 0);
    if (lane == 0) signs[v * kWarps + warp] = word;
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < kVectors * n_tables; i += kThreads) {
    const unsigned v = i % kVectors;
    if (first + v < args.begin || first + v >= args.end) continue;
    const unsigned table = i / kVectors;
    StoreCode(args, first + v, first_table + table,
              CutCode(signs + v * kWarps, table * args.params.lsh_k, args.params.lsh_k));
  }
}

bool IsValid(const LshParams& params) {
  return params.lsh_l >= 1 && params.lsh_l <= 512 && params.lsh_k >= 1 && params.lsh_k <= 16;
}

template <typename T>
Status LaunchCodes(CodeArgs args, size_t n_heads, Stream stream) {
  args.tables = kThreads / args.params.lsh_k;
  LaunchShape shape;
  shape.grid = dim3(Ceil(args.end, kVectors) - args.begin / kVectors,
                    static_cast<unsigned>(n_heads), Ceil(args.params.lsh_l, args.tables));
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("LshCodes", CodeKernel<T>, shape, args);
  return LaunchStatus();
}

template <typename T>
Status LaunchMean(const MeanArgs& args, Stream stream) {
  LaunchShape shape;
  const auto n_heads = static_cast<unsigned>(args.kv.n_kv_heads);
  shape.grid = dim3(args.n_chunks, n_heads);
  shape.block = kMeanThreads;
  shape.stream = stream;
  LaunchKernel("LshMean, sums", SumKernel<T>, shape, args);
  shape.grid = n_heads;
  LaunchKernel("LshMean", MeanKernel, shape, args);
  return LaunchStatus();
}

}  // namespace

Status LshMean(const KvRows& kv, size_t n, double* partial, float* mean, Stream stream) {
  if (n == 0 || kv.n_kv_heads == 0) return Status::kInvalidShape;
  const MeanArgs args = {kv, static_cast<unsigned>(n), Ceil(n, kMeanChunk), partial, mean};
  if (kv.dtype == Dtype::kF32) return LaunchMean<float>(args, stream);
  if (kv.dtype == Dtype::kF16) return LaunchMean<F16>(args, stream);
  return LaunchMean<Bf16>(args, stream);
}

Status LshKeyCodes(const KvRows& kv, size_t begin, size_t end, const float* mean,
                   const LshParams& params, const float* panels, const LshKeyTable& table,
                   Stream stream) {
  if (!IsValid(params)) return Status::kInvalidArgument;
  if (kv.head_dim == 0 || kv.head_dim > kMaxHeadDim || kv.n_kv_heads == 0 || begin > end ||
      end > 64 * table.stride) {
    return Status::kInvalidShape;
  }
  if (begin == end) return Status::kOk;
  CodeArgs args = {};
  args.vectors = kv.keys;
  args.row_stride = kv.row_stride;
  args.head_stride = kv.head_stride;
  args.mean = mean;
  args.begin = static_cast<unsigned>(begin);
  args.end = static_cast<unsigned>(end);
  args.head_dim = static_cast<unsigned>(kv.head_dim);
  args.params = params;
  args.panels = panels;
  args.table = table;
  if (kv.dtype == Dtype::kF32) return LaunchCodes<float>(args, kv.n_kv_heads, stream);
  if (kv.dtype == Dtype::kF16) return LaunchCodes<F16>(args, kv.n_kv_heads, stream);
  return LaunchCodes<Bf16>(args, kv.n_kv_heads, stream);
}

Status LshQueryCodes(const float* queries, size_t n, size_t head_dim, const LshParams& params,
                     const float* panels, uint16_t* codes, Stream stream) {
  if (!IsValid(params)) return Status::kInvalidArgument;
  if (n == 0 || head_dim == 0 || head_dim > kMaxHeadDim) return Status::kInvalidShape;
  CodeArgs args = {};
  args.vectors = queries;
  args.row_stride = head_dim;
  args.end = static_cast<unsigned>(n);
  args.head_dim = static_cast<unsigned>(head_dim);
  args.params = params;
  args.panels = panels;
  args.codes = codes;
  return LaunchCodes<float>(args, 1, stream);
}

}  // namespace sparsetune::cuda
