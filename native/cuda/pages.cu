#include "cuda/check.cuh"
#include "cuda/element.cuh"
#include "cuda/scores.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 128;

struct PageArgs {
  KvRows kv;
  PageBounds pages;
  size_t begin;
  size_t end;
};

__device__ __forceinline__ float Order(float value) { return value; }

/// A 16-bit float as an integer of the same order.
template <typename T>
__device__ __forceinline__ int Order(T element) {
  const int bits = static_cast<int16_t>(element.bits);
  return bits < 0 ? bits ^ 0x7fff : bits;
}

/// Block (page from the first touched one on, head): a thread takes a channel.
template <typename T>
__global__ void __launch_bounds__(kThreads) PageKernel(PageArgs args) {
  const size_t head_dim = args.kv.head_dim;
  const size_t page = args.begin / args.pages.page_size + blockIdx.x;
  const size_t page_begin = page * args.pages.page_size;
  const size_t begin = max(page_begin, args.begin);
  const size_t end = min(page_begin + args.pages.page_size, args.end);
  const T* keys = static_cast<const T*>(args.kv.keys) + blockIdx.y * args.kv.head_stride;
  T* bounds =
      static_cast<T*>(args.pages.bounds) + (blockIdx.y * args.pages.stride + page) * 2 * head_dim;
  for (size_t channel = threadIdx.x; channel < head_dim; channel += kThreads) {
    const bool is_new = begin == page_begin;
    T low = is_new ? keys[begin * args.kv.row_stride + channel] : bounds[channel];
    T high = is_new ? low : bounds[head_dim + channel];
    for (size_t key = begin; key < end; ++key) {
      const T element = keys[key * args.kv.row_stride + channel];
      if (Order(element) < Order(low)) low = element;
      if (Order(element) > Order(high)) high = element;
    }
    bounds[channel] = low;
    bounds[head_dim + channel] = high;
  }
}

template <typename T>
Status LaunchPages(const PageArgs& args, Stream stream) {
  const size_t page_size = args.pages.page_size;
  LaunchShape shape;
  const size_t n_pages = (args.end - 1) / page_size - args.begin / page_size + 1;
  shape.grid = dim3(static_cast<unsigned>(n_pages), static_cast<unsigned>(args.kv.n_kv_heads));
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("PageBoundsExtend", PageKernel<T>, shape, args);
  return LaunchStatus();
}

}  // namespace

Status PageBoundsExtend(const KvRows& kv, size_t begin, size_t end, const PageBounds& pages,
                        Stream stream) {
  if (pages.page_size == 0 || kv.n_kv_heads == 0 || begin > end ||
      end > pages.stride * pages.page_size) {
    return Status::kInvalidShape;
  }
  if (begin == end) return Status::kOk;
  const PageArgs args = {kv, pages, begin, end};
  if (kv.dtype == Dtype::kF32) return LaunchPages<float>(args, stream);
  if (kv.dtype == Dtype::kF16) return LaunchPages<F16>(args, stream);
  return LaunchPages<Bf16>(args, stream);
}

}  // namespace sparsetune::cuda
