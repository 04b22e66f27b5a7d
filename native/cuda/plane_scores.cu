#include "cuda/check.cuh"
#include "cuda/element.cuh"
#include "cuda/learned.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 128;

struct PlaneArgs {
  const void* queries;       ///< signatures, or whole queries
  const uint32_t* channels;  ///< of labels
  unsigned head_dim;
  const void* planes;  ///< [n_kv_heads, stride, n_lists, n_planes, kPlaneKeys]
  size_t stride;
  unsigned n_lists;  ///< of a KV head: 1, or one a query head
  unsigned n_planes;
  unsigned begin;
  unsigned n;
  unsigned group_size;
  float* scores;
  size_t score_stride;
};

/// Words of signatures: a score counts the bits that differ.
struct WordReader {
  using Element = uint64_t;
  using Query = uint64_t;
  using Sum = int;
  using Value = uint64_t;
  static constexpr unsigned kMaxPlanes = kMaxHashWidth / 64;

  static __device__ __forceinline__ Query Load(const PlaneArgs& args, size_t query,
                                               unsigned /*list*/, unsigned plane) {
    return LoadInput(static_cast<const uint64_t*>(args.queries) + query * args.n_planes + plane);
  }
  static __device__ __forceinline__ Value Read(const Element* at) { return LoadInput(at); }
  static __device__ __forceinline__ Sum Add(Sum sum, Query query, Value value) {
    return sum - __popcll(query ^ value);
  }
};

/// Channels of keys: a score is a dot product.
template <typename T>
struct LabelReader {
  using Element = T;
  using Query = float;
  using Sum = float;
  using Value = float;
  static constexpr unsigned kMaxPlanes = 256;

  static __device__ __forceinline__ Query Load(const PlaneArgs& args, size_t query, unsigned list,
                                               unsigned plane) {
    const unsigned channel = LoadInput(args.channels + list * args.n_planes + plane);
    return LoadInput(static_cast<const float*>(args.queries) + query * args.head_dim + channel);
  }
  static __device__ __forceinline__ Value Read(const Element* at) { return ReadFloat(at); }
  static __device__ __forceinline__ Sum Add(Sum sum, Query query, Value value) {
    return fmaf(query, value, sum);
  }
};

/// Block (chunk of keys, KV head): a thread takes a key.
template <typename Reader>
__global__ void __launch_bounds__(kThreads) PlaneScoreKernel(PlaneArgs args) {
  SPARSETUNE_SHARED(typename Reader::Query, queries, kMaxGroup * Reader::kMaxPlanes);
  const unsigned head = blockIdx.y;
  const size_t first_query = static_cast<size_t>(head) * args.group_size;
  for (unsigned i = threadIdx.x; i < args.group_size * args.n_planes; i += kThreads) {
    const unsigned g = i / args.n_planes;
    const unsigned list = head * args.n_lists + (args.n_lists == 1 ? 0 : g);
    queries[i] = Reader::Load(args, first_query + g, list, i % args.n_planes);
  }
  __syncthreads();
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= args.n) return;
  const unsigned key = args.begin + i;
  const size_t block = head * args.stride + key / kPlaneKeys;
  const auto* planes = static_cast<const typename Reader::Element*>(args.planes) +
                       block * args.n_lists * args.n_planes * kPlaneKeys + key % kPlaneKeys;
  typename Reader::Sum sums[kMaxGroup] = {};
#pragma unroll 4
  for (unsigned p = 0; p < args.n_planes; ++p) {
    typename Reader::Value value = {};
    SPARSETUNE_UNROLLED
    for (unsigned g = 0; g < kMaxGroup; ++g) {
      if (g >= args.group_size) break;
      if (g < args.n_lists) value = Reader::Read(planes + (g * args.n_planes + p) * kPlaneKeys);
      sums[g] = Reader::Add(sums[g], queries[g * args.n_planes + p], value);
    }
  }
  SPARSETUNE_UNROLLED
  for (unsigned g = 0; g < kMaxGroup; ++g) {
    if (g >= args.group_size) break;
    args.scores[(first_query + g) * args.score_stride + i] = static_cast<float>(sums[g]);
  }
}

struct LabelArgs {
  KvRows kv;
  unsigned begin;
  unsigned end;
  LabelTable table;
};

/// Block (block of keys, KV head).
template <typename T>
__global__ void __launch_bounds__(kThreads) LabelKernel(LabelArgs args) {
  const auto n_planes = static_cast<unsigned>(args.table.n_lists * args.table.n_channels);
  const unsigned block = args.begin / kPlaneKeys + blockIdx.x;
  const T* keys = static_cast<const T*>(args.kv.keys) + blockIdx.y * args.kv.head_stride;
  const uint32_t* channels = args.table.channels + blockIdx.y * n_planes;
  T* labels = static_cast<T*>(args.table.labels) +
              (blockIdx.y * args.table.stride + block) * n_planes * kPlaneKeys;
  for (unsigned i = threadIdx.x; i < n_planes * kPlaneKeys; i += kThreads) {
    const unsigned key = block * kPlaneKeys + i % kPlaneKeys;
    if (key < args.begin || key >= args.end) continue;
    labels[i] = keys[key * args.kv.row_stride + LoadInput(channels + i / kPlaneKeys)];
  }
}

template <typename Reader>
Status LaunchScores(const PlaneArgs& args, size_t n_kv_heads, Stream stream) {
  LaunchShape shape;
  shape.grid = dim3(Ceil(args.n, kThreads), static_cast<unsigned>(n_kv_heads));
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("PlaneScores", PlaneScoreKernel<Reader>, shape, args);
  return LaunchStatus();
}

template <typename T>
Status LaunchLabels(const LabelArgs& args, Stream stream) {
  LaunchShape shape;
  const unsigned n_blocks = Ceil(args.end, kPlaneKeys) - args.begin / kPlaneKeys;
  shape.grid = dim3(n_blocks, static_cast<unsigned>(args.kv.n_kv_heads));
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("LabelsExtend", LabelKernel<T>, shape, args);
  return LaunchStatus();
}

bool IsValid(const PlaneArgs& args, size_t n_kv_heads, size_t max_planes) {
  return n_kv_heads > 0 && args.group_size > 0 && args.group_size <= kMaxGroup &&
         (args.n_lists == 1 || args.n_lists == args.group_size) && args.n_planes > 0 &&
         args.n_planes <= max_planes && args.n <= args.score_stride &&
         size_t{args.begin} + args.n <= kPlaneKeys * args.stride;
}

}  // namespace

Status SignatureScores(const SignedQueries& queries, const SignatureTable& table, size_t begin,
                       size_t n, float* scores, size_t score_stride, Stream stream) {
  PlaneArgs args = {};
  args.queries = queries.signatures;
  args.planes = table.words;
  args.stride = table.stride;
  args.n_lists = static_cast<unsigned>(table.n_networks);
  args.n_planes = static_cast<unsigned>(table.n_words);
  args.begin = static_cast<unsigned>(begin);
  args.n = static_cast<unsigned>(n);
  args.group_size = static_cast<unsigned>(queries.group_size);
  args.scores = scores;
  args.score_stride = score_stride;
  if (!IsValid(args, queries.n_kv_heads, WordReader::kMaxPlanes)) return Status::kInvalidShape;
  return n == 0 ? Status::kOk : LaunchScores<WordReader>(args, queries.n_kv_heads, stream);
}

Status LabelsExtend(const KvRows& kv, size_t begin, size_t end, const LabelTable& table,
                    Stream stream) {
  if (kv.n_kv_heads == 0 || table.n_lists == 0 || table.n_channels == 0 ||
      table.n_channels > kv.head_dim || begin > end || end > kPlaneKeys * table.stride) {
    return Status::kInvalidShape;
  }
  if (begin == end) return Status::kOk;
  const LabelArgs args = {kv, static_cast<unsigned>(begin), static_cast<unsigned>(end), table};
  if (kv.dtype == Dtype::kF32) return LaunchLabels<float>(args, stream);
  if (kv.dtype == Dtype::kF16) return LaunchLabels<F16>(args, stream);
  return LaunchLabels<Bf16>(args, stream);
}

Status LabelScores(const Queries& queries, const KvRows& kv, const LabelTable& table, size_t begin,
                   size_t n, float* scores, size_t score_stride, Stream stream) {
  PlaneArgs args = {};
  args.queries = queries.rows;
  args.channels = table.channels;
  args.head_dim = static_cast<unsigned>(kv.head_dim);
  args.planes = table.labels;
  args.stride = table.stride;
  args.n_lists = static_cast<unsigned>(table.n_lists);
  args.n_planes = static_cast<unsigned>(table.n_channels);
  args.begin = static_cast<unsigned>(begin);
  args.n = static_cast<unsigned>(n);
  args.group_size = static_cast<unsigned>(queries.group_size);
  args.scores = scores;
  args.score_stride = score_stride;
  if (!IsValid(args, kv.n_kv_heads, LabelReader<float>::kMaxPlanes)) return Status::kInvalidShape;
  if (n == 0) return Status::kOk;
  if (kv.dtype == Dtype::kF32) return LaunchScores<LabelReader<float>>(args, kv.n_kv_heads, stream);
  if (kv.dtype == Dtype::kF16) return LaunchScores<LabelReader<F16>>(args, kv.n_kv_heads, stream);
  return LaunchScores<LabelReader<Bf16>>(args, kv.n_kv_heads, stream);
}

}  // namespace sparsetune::cuda
