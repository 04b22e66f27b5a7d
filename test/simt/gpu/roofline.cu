#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

#include "core/f16.h"
#include "cuda/attend.h"
#include "cuda/platform.cuh"
#include "native/kernels/testing.h"
#include "simt/device.h"
#include "simt/gpu/roofline.h"

namespace simt {
namespace {

namespace cuda = sparsetune::cuda;
using sparsetune::Status;
using sparsetune::testing::Expect;

constexpr size_t kQHeads = 32;
constexpr size_t kKvHeads = 8;
constexpr size_t kGroup = kQHeads / kKvHeads;
constexpr size_t kHeadDim = 128;
constexpr size_t kRowBytes = kHeadDim * sizeof(uint16_t);
constexpr size_t kLists = 10;  ///< together they name every key once, so that no cache holds them
constexpr size_t kRounds = 31;
constexpr double kWanted = 0.7;

/// Reads whole blocks of 16 bytes, and writes where their sum is one that does not occur.
__global__ void ReadKernel(const uint4* data, size_t n, uint32_t* sink) {
  uint32_t sum = 0;
  const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
  for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step) {
    const uint4 part = __ldg(data + i);
    sum += part.x ^ part.y ^ part.z ^ part.w;
  }
  if (sum == 0x5eed5eedu) *sink = sum;
}

/// Milliseconds of the GPU between two points of a stream.
class Stopwatch {
 public:
  Stopwatch() {
    Check(cudaEventCreate(&begin_));
    Check(cudaEventCreate(&end_));
  }
  ~Stopwatch() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }

  template <typename Work>
  float Measure(const Work& work) {
    Check(cudaEventRecord(begin_));
    work();
    Check(cudaEventRecord(end_));
    Check(cudaEventSynchronize(end_));
    float ms = 0;
    Check(cudaEventElapsedTime(&ms, begin_, end_));
    return ms;
  }

 private:
  static void Check(cudaError_t error) { Expect(error == cudaSuccess, cudaGetErrorString(error)); }

  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

size_t Multiprocessors() {
  int n = 0;
  Expect(cudaDeviceGetAttribute(&n, cudaDevAttrMultiProcessorCount, 0) == cudaSuccess, "device 0");
  return static_cast<size_t>(n);
}

/// Keys and values of 8 heads, and lists of a tenth of them.
class Bench {
 public:
  explicit Bench(size_t n_kv)
      : n_kv_(n_kv),
        n_listed_(n_kv / kLists),
        n_multiprocessors_(Multiprocessors()),
        keys_(Halves(n_kv, 1), "keys"),
        values_(Halves(n_kv, 2), "values"),
        queries_(std::vector<float>(kQHeads * kHeadDim, 0.1f), "queries"),
        lists_(ListsOfAll(), "lists"),
        counts_(std::vector<uint32_t>(kKvHeads, static_cast<uint32_t>(n_listed_)), "counts"),
        weights_(std::vector<float>(kQHeads * n_listed_, 0.5f), "weights"),
        max_(kQHeads * n_multiprocessors_, "max"),
        sum_(kQHeads * n_multiprocessors_, "sum"),
        partials_(kQHeads * n_multiprocessors_ * kHeadDim, "partial values"),
        output_(kQHeads * kHeadDim, "output"),
        sink_(1, "sink") {}

  size_t dense_bytes() const { return kKvHeads * n_kv_ * 2 * kRowBytes; }
  size_t listed_bytes() const {
    return kKvHeads * n_listed_ * (2 * kRowBytes + sizeof(uint32_t) + kGroup * sizeof(float));
  }

  void Dense() { Attend({}, {n_kv_, n_kv_, n_kv_}, n_kv_); }
  void Listed(size_t round) {
    const size_t first = round % kLists * kKvHeads * n_listed_;
    Attend({lists_.data() + first, counts_.data(), kKvHeads, n_listed_, weights_.data()}, {},
           n_listed_);
  }
  /// Half of the bytes from the keys, half from the values, another part each round.
  void Read(size_t bytes, size_t round) {
    const size_t half = bytes / 2 / sizeof(uint4) * sizeof(uint4);
    const size_t n_parts = dense_bytes() / 2 / half;
    for (const auto* rows : {&keys_, &values_}) {
      const auto* from = reinterpret_cast<const uint4*>(
          reinterpret_cast<const char*>(rows->data()) + round % n_parts * half);
      ReadKernel<<<static_cast<unsigned>(16 * n_multiprocessors_), 256>>>(
          from, half / sizeof(uint4), sink_.data());
    }
  }

 private:
  static std::vector<uint16_t> Halves(size_t n_kv, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<uint16_t> halves(kKvHeads * n_kv * kHeadDim);
    for (uint16_t& half : halves) half = 0x3000 + random() % 0x800;  // 1/8 to 1/2
    return halves;
  }

  /// [kLists, kKvHeads, n_listed], ascending: a partition of the keys of each head.
  std::vector<uint32_t> ListsOfAll() const {
    std::mt19937 random(3);
    std::vector<uint32_t> all(kLists * kKvHeads * n_listed_);
    std::vector<uint32_t> keys(n_kv_);
    for (size_t i = 0; i < n_kv_; ++i) keys[i] = static_cast<uint32_t>(i);
    for (size_t head = 0; head < kKvHeads; ++head) {
      std::shuffle(keys.begin(), keys.end(), random);
      for (size_t l = 0; l < kLists; ++l) {
        uint32_t* list = all.data() + (l * kKvHeads + head) * n_listed_;
        std::copy_n(keys.data() + l * n_listed_, n_listed_, list);
        std::sort(list, list + n_listed_);
      }
    }
    return all;
  }

  void Attend(const cuda::KeyLists& lists, const cuda::KeyRanges& ranges, size_t n_rows) {
    const size_t n_splits =
        std::min(n_multiprocessors_, cuda::AttendSplitCount(n_rows, kKvHeads, n_multiprocessors_));
    const cuda::AttendPartials partials = {n_splits, max_.data(), sum_.data(), partials_.data()};
    cuda::AttendRows rows;
    rows.kv = {keys_.data(), values_.data(), sparsetune::Dtype::kF16, kHeadDim,
               kKvHeads,     kHeadDim,       n_kv_ * kHeadDim};
    rows.lists = lists;
    rows.ranges = ranges;
    Status status = cuda::Attend({queries_.data(), kGroup}, rows, 0.088f, partials, nullptr);
    Expect(status == Status::kOk, "Attend");
    status = cuda::AttendMerge(partials, kQHeads, kHeadDim, output_.data(), nullptr, nullptr);
    Expect(status == Status::kOk, "AttendMerge");
  }

  size_t n_kv_;
  size_t n_listed_;
  size_t n_multiprocessors_;
  DeviceArray<uint16_t> keys_;
  DeviceArray<uint16_t> values_;
  DeviceArray<float> queries_;
  DeviceArray<uint32_t> lists_;
  DeviceArray<uint32_t> counts_;
  DeviceArray<float> weights_;
  DeviceArray<float> max_;
  DeviceArray<float> sum_;
  DeviceArray<float> partials_;
  DeviceArray<float> output_;
  DeviceArray<uint32_t> sink_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Alternates `work` with a read of as many bytes; prints medians over the rounds.
template <typename Work, typename Read>
void Compare(const char* what, size_t n_kv, size_t bytes, const Work& work, const Read& read) {
  Stopwatch watch;
  std::vector<double> ms;
  std::vector<double> shares;
  for (size_t round = 0; round < kRounds; ++round) {
    const double ours = watch.Measure([&] { work(round); });
    const double limit = watch.Measure([&] { read(round); });
    if (round == 0) continue;  // loads the kernels
    ms.push_back(ours);
    shares.push_back(limit / ours);
  }
  const double share = Median(shares);
  std::printf("%-12s %7zu keys  %8.3f ms  %7.0f GB/s  %.2f of a plain read (wanted %.2f: %s)\n",
              what, n_kv, Median(ms), static_cast<double>(bytes) / 1e6 / Median(ms), share, kWanted,
              share >= kWanted ? "reached" : "missed");
}

}  // namespace

void PrintRoofline() {
  std::printf("attention of 32 query heads, 8 KV heads, head_dim 128, f16: %zu rounds\n",
              kRounds - 1);
  for (const size_t n_kv : {size_t{32768}, size_t{131072}}) {
    Bench bench(n_kv);
    Compare(
        "dense", n_kv, bench.dense_bytes(), [&](size_t) { bench.Dense(); },
        [&](size_t round) { bench.Read(bench.dense_bytes(), round); });
    Compare(
        "10 % listed", n_kv, bench.listed_bytes(), [&](size_t round) { bench.Listed(round); },
        [&](size_t round) { bench.Read(bench.listed_bytes(), round); });
  }
}

}  // namespace simt
