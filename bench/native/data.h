#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/cpu.h"

namespace sparsetune::bench {

/// The instruction set of a benchmark's first argument; false (and an error) where this CPU lacks
/// it.
inline bool IsaOf(benchmark::State& state, Isa* isa) {
  *isa = static_cast<Isa>(state.range(0));
  if (SupportsIsa(*isa)) return true;
  state.SkipWithError("this CPU lacks the instruction set");
  return false;
}

inline std::vector<float> Gaussian(size_t n, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(engine);
  return values;
}

inline std::vector<const float*> RowPointers(const std::vector<float>& values, size_t row) {
  std::vector<const float*> rows;
  for (size_t at = 0; at < values.size(); at += row) rows.push_back(values.data() + at);
  return rows;
}

/// Every `step`-th of `n` rows.
inline std::vector<uint32_t> EveryNth(size_t n, size_t step) {
  std::vector<uint32_t> indices;
  for (size_t i = 0; i < n; i += step) indices.push_back(static_cast<uint32_t>(i));
  return indices;
}

inline void AllIsas(benchmark::internal::Benchmark* benchmark) {
  for (const Isa isa : kAllIsas) {
    if (SupportsIsa(isa)) benchmark->Arg(static_cast<int64_t>(isa));
  }
  benchmark->ArgName("isa")->Unit(benchmark::kMicrosecond);
}

}  // namespace sparsetune::bench
