#include "cuda/check.cuh"
#include "cuda/element.cuh"
#include "cuda/learned.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 128;
constexpr unsigned kVectors = 8;  ///< that a block hashes: a whole group of queries

struct HashArgs {
  const void* vectors;  ///< vector v of head h begins at h * head_stride + v * row_stride
  size_t row_stride;
  size_t head_stride;
  unsigned begin;
  unsigned end;
  unsigned n_networks;  ///< of a head
  unsigned n_words;
  HashNetwork network;
  SignatureTable table;  ///< keys
  uint64_t* signatures;  ///< queries; null for keys
};

__device__ __forceinline__ float Activate(float x, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return fmaxf(x, 0.0f);
    case Activation::kSilu:
      return x / (1.0f + expf(-x));
    case Activation::kGelu:
      return 0.5f * x * (1.0f + erff(x * 0.70710678f));
    default:
      return tanhf(x);
  }
}

/// Brings the block's vectors into shared memory by channel; zeros where there are no more.
template <typename T>
__device__ void LoadVectors(const HashArgs& args, unsigned first, float* inputs) {
  const T* vectors =
      static_cast<const T*>(args.vectors) + blockIdx.y / args.n_networks * args.head_stride;
  const unsigned n_in = args.network.layers[0].n_in;
  for (unsigned i = threadIdx.x; i < kVectors * n_in; i += kThreads) {
    const unsigned v = i / n_in;
    const unsigned channel = i % n_in;
    const bool is_there = first + v < args.end;
    inputs[channel * kVectors + v] =
        is_there ? ReadFloat(vectors + (first + v) * args.row_stride + channel) : 0.0f;
  }
}

/// One output of a layer for all vectors of the block.
__device__ __forceinline__ void Dense(const HashLayer& layer, unsigned output, const float* inputs,
                                      float (&sums)[kVectors]) {
  const float* column =
      layer.columns + static_cast<size_t>(blockIdx.y) * layer.n_in * layer.n_out + output;
#pragma unroll 4
  for (unsigned i = 0; i < layer.n_in; ++i) {
    const float weight = LoadInput(column + static_cast<size_t>(i) * layer.n_out);
    const auto* row = reinterpret_cast<const float4*>(inputs + i * kVectors);
    SPARSETUNE_UNROLLED
    for (unsigned v = 0; v < kVectors; v += 4) {
      const float4 four = LoadWide(row + v / 4);
      sums[v] = fmaf(weight, four.x, sums[v]);
      sums[v + 1] = fmaf(weight, four.y, sums[v + 1]);
      sums[v + 2] = fmaf(weight, four.z, sums[v + 2]);
      sums[v + 3] = fmaf(weight, four.w, sums[v + 3]);
    }
  }
  const float bias = LoadInput(layer.bias + static_cast<size_t>(blockIdx.y) * layer.n_out + output);
  SPARSETUNE_UNROLLED
  for (unsigned v = 0; v < kVectors; ++v) sums[v] += bias;
}

/// A layer that another follows.
__device__ __forceinline__ void HiddenLayer(const HashLayer& layer, Activation activation,
                                            const float* inputs, float* outputs) {
  for (unsigned o = threadIdx.x; o < layer.n_out; o += kThreads) {
    float sums[kVectors] = {};
    Dense(layer, o, inputs, sums);
    SPARSETUNE_UNROLLED
    for (unsigned v = 0; v < kVectors; v += 4) {
      const float4 four =
          make_float4(Activate(sums[v], activation), Activate(sums[v + 1], activation),
                      Activate(sums[v + 2], activation), Activate(sums[v + 3], activation));
      StoreWide(reinterpret_cast<float4*>(outputs + o * kVectors + v), four);
    }
  }
}

/// The half of a word that holds bits 32 * half .. of a vector's signature.
__device__ __forceinline__ uint32_t* HalfOfSignature(const HashArgs& args, unsigned vector,
                                                     unsigned half) {
  if (args.signatures != nullptr) {
    const size_t at = static_cast<size_t>(blockIdx.y) * (args.end - args.begin) + vector;
    return reinterpret_cast<uint32_t*>(args.signatures + at * args.n_words) + half;
  }
  const unsigned head = blockIdx.y / args.n_networks;
  const unsigned network = blockIdx.y % args.n_networks;
  const size_t block = head * args.table.stride + vector / kPlaneKeys;
  const size_t plane = (block * args.n_networks + network) * args.n_words + half / 2;
  return reinterpret_cast<uint32_t*>(args.table.words + plane * kPlaneKeys + vector % kPlaneKeys) +
         half % 2;
}

/// The last layer: a lane of each warp writes 32 bits of one vector.
__device__ __forceinline__ void LastLayer(const HashArgs& args, const HashLayer& layer,
                                          unsigned first, const float* inputs) {
  const unsigned lane = threadIdx.x % 32;
  for (unsigned o = threadIdx.x; o < 64 * args.n_words; o += kThreads) {
    float sums[kVectors] = {};
    if (o < layer.n_out) Dense(layer, o, inputs, sums);
    uint32_t mine = 0;
    SPARSETUNE_UNROLLED
    for (unsigned v = 0; v < kVectors; ++v) {
      const uint32_t bits = __ballot_sync(kAllLanes, o < layer.n_out && sums[v] > 0);
      if (lane == v) mine = bits;
    }
    if (lane < kVectors && first + lane < args.end) {
      *HalfOfSignature(args, first + lane, o / 32) = mine;
    }
  }
}

/// Block (vectors, head and network): a thread takes an output.
template <typename T>
__global__ void __launch_bounds__(kThreads) HashKernel(HashArgs args) {
  SPARSETUNE_SHARED(float, here, kMaxHashWidth* kVectors);
  SPARSETUNE_SHARED(float, there, kMaxHashWidth* kVectors);
  const unsigned first = args.begin + blockIdx.x * kVectors;
  LoadVectors<T>(args, first, here);
  float* inputs = here;
  float* outputs = there;
  const unsigned n_hidden = static_cast<unsigned>(args.network.n_layers) - 1;
  for (unsigned l = 0; l < n_hidden; ++l) {
    __syncthreads();
    HiddenLayer(args.network.layers[l], args.network.activation, inputs, outputs);
    float* const next = outputs;
    outputs = inputs;
    inputs = next;
  }
  __syncthreads();
  LastLayer(args, args.network.layers[n_hidden], first, inputs);
}

bool IsValid(const HashNetwork& network, size_t head_dim, size_t n_words) {
  if (network.n_layers == 0 || network.n_layers > kMaxHashLayers) return false;
  size_t n_in = head_dim;
  for (size_t l = 0; l < network.n_layers; ++l) {
    const HashLayer& layer = network.layers[l];
    if (layer.n_in != n_in || n_in == 0 || n_in > kMaxHashWidth) return false;
    n_in = layer.n_out;
  }
  return n_in > 0 && n_in <= kMaxHashWidth && n_words == (n_in + 63) / 64;
}

template <typename T>
Status Launch(const HashArgs& args, size_t n_rows, Stream stream) {
  LaunchShape shape;
  shape.grid = dim3(Ceil(args.end - args.begin, kVectors), static_cast<unsigned>(n_rows));
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("HashNetwork", HashKernel<T>, shape, args);
  return LaunchStatus();
}

}  // namespace

Status HashKeys(const KvRows& kv, size_t begin, size_t end, const HashNetwork& network,
                const SignatureTable& table, Stream stream) {
  if (!IsValid(network, kv.head_dim, table.n_words) || kv.n_kv_heads == 0 ||
      table.n_networks == 0 || begin > end || end > kPlaneKeys * table.stride) {
    return Status::kInvalidShape;
  }
  if (begin == end) return Status::kOk;
  HashArgs args = {};
  args.vectors = kv.keys;
  args.row_stride = kv.row_stride;
  args.head_stride = kv.head_stride;
  args.begin = static_cast<unsigned>(begin);
  args.end = static_cast<unsigned>(end);
  args.n_networks = static_cast<unsigned>(table.n_networks);
  args.n_words = static_cast<unsigned>(table.n_words);
  args.network = network;
  args.table = table;
  const size_t n_rows = kv.n_kv_heads * table.n_networks;
  if (kv.dtype == Dtype::kF32) return Launch<float>(args, n_rows, stream);
  if (kv.dtype == Dtype::kF16) return Launch<F16>(args, n_rows, stream);
  return Launch<Bf16>(args, n_rows, stream);
}

Status HashQueries(const Queries& queries, size_t n_kv_heads, size_t n_networks,
                   const HashNetwork& network, size_t n_words, uint64_t* signatures,
                   Stream stream) {
  const size_t head_dim = network.layers[0].n_in;
  if (!IsValid(network, head_dim, n_words) || n_kv_heads == 0 || queries.group_size == 0 ||
      (n_networks != 1 && n_networks != queries.group_size)) {
    return Status::kInvalidShape;
  }
  HashArgs args = {};
  args.vectors = queries.rows;
  args.row_stride = head_dim;
  // Queries with a network each are heads of one vector.
  const size_t n_vectors = queries.group_size / n_networks;
  args.head_stride = n_vectors * head_dim;
  args.end = static_cast<unsigned>(n_vectors);
  args.n_networks = 1;
  args.n_words = static_cast<unsigned>(n_words);
  args.network = network;
  args.signatures = signatures;
  return Launch<float>(args, n_kv_heads * n_networks, stream);
}

}  // namespace sparsetune::cuda
