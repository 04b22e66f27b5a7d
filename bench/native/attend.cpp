// The attend kernel: one group of query heads over all rows of one KV head, or over a list of them.
#include "kernels/attend/attend.h"

#include "data.h"

namespace sparsetune::bench {
namespace {

constexpr size_t kHeadDim = 128;
constexpr size_t kGroupSize = 4;
constexpr size_t kRows = 16384;  // 16 MB of keys and values: out of L2, in many an L3

void Attend(benchmark::State& state, size_t step) {
  Isa isa = Isa::kScalar;
  if (!IsaOf(state, &isa)) return;
  const std::vector<float> keys = Gaussian(kRows * kHeadDim, 1);
  const std::vector<float> values = Gaussian(kRows * kHeadDim, 2);
  const std::vector<float> queries = Gaussian(kGroupSize * kHeadDim, 3);
  const auto pointers = RowPointers(queries, kHeadDim);
  const std::vector<uint32_t> indices = EveryNth(kRows, step);
  AttendRows rows;
  rows.keys = keys.data();
  rows.values = values.data();
  rows.indices = step == 1 ? nullptr : indices.data();
  rows.n = indices.size();
  std::vector<float> sums(kGroupSize * (kHeadDim + 2));
  AttendState softmax = {sums.data(), sums.data() + kGroupSize, sums.data() + 2 * kGroupSize};
  for (auto _ : state) {
    AttendBegin(kGroupSize, kHeadDim, &softmax);
    AttendAdd({pointers.data(), kGroupSize, kHeadDim, 0.088f}, rows, isa, &softmax);
    benchmark::DoNotOptimize(sums.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(
      static_cast<int64_t>(state.iterations() * rows.n * 2 * kHeadDim * sizeof(float)));
}

BENCHMARK_CAPTURE(Attend, dense, 1)->Apply(AllIsas);
BENCHMARK_CAPTURE(Attend, every_10th, 10)->Apply(AllIsas);

}  // namespace
}  // namespace sparsetune::bench
