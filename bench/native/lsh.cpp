// SimHash codes of keys, and the keys that share codes with the queries of a group.
#include "kernels/lsh/lsh.h"

#include "data.h"

namespace sparsetune::bench {
namespace {

constexpr size_t kHeadDim = 128;
constexpr size_t kGroupSize = 4;
constexpr size_t kKeys = 4096;
constexpr LshParams kParams = {75, 10};

std::vector<uint16_t> Codes(const std::vector<float>& vectors, const std::vector<float>& planes,
                            Isa isa) {
  const auto pointers = RowPointers(vectors, kHeadDim);
  std::vector<uint16_t> codes(pointers.size() * kParams.lsh_l);
  LshCodes(pointers.data(), pointers.size(), kHeadDim, kParams, planes.data(), isa, codes.data());
  return codes;
}

std::vector<float> Planes() {
  return Gaussian(static_cast<size_t>(kParams.lsh_l) * kParams.lsh_k * kHeadDim, 7);
}

void BuildCodes(benchmark::State& state) {
  Isa isa = Isa::kScalar;
  if (!IsaOf(state, &isa)) return;
  const std::vector<float> planes = Planes();
  const std::vector<float> keys = Gaussian(512 * kHeadDim, 1);
  for (auto _ : state) benchmark::DoNotOptimize(Codes(keys, planes, isa));
  const auto flops = static_cast<double>(2 * keys.size() * kParams.lsh_l * kParams.lsh_k);
  state.counters["FLOP"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

void MatchCodes(benchmark::State& state) {
  Isa isa = Isa::kScalar;
  if (!IsaOf(state, &isa)) return;
  const std::vector<float> planes = Planes();
  const auto key_codes = Codes(Gaussian(kKeys * kHeadDim, 1), planes, BestIsa());
  const auto query_codes = Codes(Gaussian(kGroupSize * kHeadDim, 3), planes, BestIsa());
  const size_t n_blocks = kKeys / kLshBlockKeys;
  std::vector<uint8_t> table(n_blocks * LshBlockBytes(kParams));
  LshStore(key_codes.data(), 0, kKeys, kParams, table.data());
  std::vector<uint64_t> bits(kGroupSize * n_blocks);
  for (auto _ : state) {
    LshMatch({kParams, table.data(), kKeys}, query_codes.data(), kGroupSize, 2, 0, n_blocks, isa,
             bits.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * table.size()));
}

BENCHMARK(BuildCodes)->Apply(AllIsas);
BENCHMARK(MatchCodes)->Apply(AllIsas);

}  // namespace
}  // namespace sparsetune::bench

BENCHMARK_MAIN();
