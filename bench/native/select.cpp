// Scores of a query group with the rows of one KV head, and the choice of the largest.
#include "data.h"
#include "kernels/scores/scores.h"
#include "kernels/top_k/top_k.h"

namespace sparsetune::bench {
namespace {

constexpr size_t kHeadDim = 128;
constexpr size_t kGroupSize = 4;
constexpr size_t kRows = 16384;

void ScoreAll(benchmark::State& state) {
  Isa isa = Isa::kScalar;
  if (!IsaOf(state, &isa)) return;
  const std::vector<float> keys = Gaussian(kRows * kHeadDim, 1);
  const std::vector<float> queries = Gaussian(kGroupSize * kHeadDim, 3);
  const auto pointers = RowPointers(queries, kHeadDim);
  ScoreRows rows;
  rows.keys = keys.data();
  rows.head_dim = kHeadDim;
  rows.n = kRows;
  std::vector<float> scores(kGroupSize * kRows);
  for (auto _ : state) {
    Scores(pointers.data(), kGroupSize, rows, isa, scores.data(), kRows);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * keys.size() * sizeof(float)));
}

void SelectTopK(benchmark::State& state, size_t k) {
  Isa isa = Isa::kScalar;
  if (!IsaOf(state, &isa)) return;
  const std::vector<float> scores = Gaussian(kRows, 5);
  std::vector<uint32_t> indices(k);
  TopKRoom room;
  for (auto _ : state) {
    TopK(scores.data(), scores.size(), k, isa, &room, indices.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * scores.size()));
}

BENCHMARK(ScoreAll)->Apply(AllIsas);
BENCHMARK_CAPTURE(SelectTopK, 2_percent, kRows / 50)->Apply(AllIsas);
BENCHMARK_CAPTURE(SelectTopK, 10_percent, kRows / 10)->Apply(AllIsas);

}  // namespace
}  // namespace sparsetune::bench
