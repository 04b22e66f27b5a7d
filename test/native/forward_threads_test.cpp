// Forward on several threads, called from several threads, meant to run under ThreadSanitizer.
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "core/philox.h"
#include "maskers/kv_cache.h"
#include "native/check.h"

namespace {

using sparsetune::ChainConfig;
using sparsetune::ForwardInput;
using sparsetune::ForwardOutput;
using sparsetune::KvCache;
using sparsetune::MaskerConfig;
using sparsetune::MaskerKind;
using sparsetune::Status;

// Large enough that Forward uses threads.
constexpr size_t kKvHeads = 4;
constexpr size_t kGroupSize = 2;
constexpr size_t kHeadDim = 64;
constexpr size_t kKeys = 1500;
constexpr size_t kQueries = 20;

std::vector<float> Floats(size_t n, uint64_t seed) {
  std::vector<float> floats(n);
  for (size_t i = 0; i < n; ++i) {
    floats[i] = sparsetune::PhiloxNormal({static_cast<uint32_t>(i), 0, 0, 0}, seed)[0];
  }
  return floats;
}

MaskerConfig Masker(MaskerKind kind) {
  MaskerConfig masker;
  masker.kind = kind;
  masker.size = {true, 0.1};
  masker.page_size = 16;
  masker.sampling_rate = 0.1;
  masker.epsilon = 0.2;
  masker.delta = 0.2;
  masker.top_p = 0.3;
  masker.lsh_l = 20;
  masker.lsh_k = 6;
  return masker;
}

std::vector<ChainConfig> Chains() {
  std::vector<ChainConfig> chains(1);
  for (const MaskerKind kind :
       {MaskerKind::kLocal, MaskerKind::kTopK, MaskerKind::kTopP, MaskerKind::kQuest,
        MaskerKind::kRandomSampling, MaskerKind::kAdaptiveSampling, MaskerKind::kMagicPig}) {
    chains.emplace_back();
    chains.back().maskers.push_back(Masker(kind));
  }
  return chains;
}

ForwardOutput Run(const ChainConfig& chain, size_t n_threads, const std::vector<float>& queries,
                  KvCache* cache) {
  ForwardInput input;
  input.chain = chain;
  input.queries = queries.data();
  input.n_q_heads = kKvHeads * kGroupSize;
  input.n_q = kQueries;
  input.scale = 0.125f;
  input.isa = sparsetune::BestIsa();
  input.wants_mask = true;
  input.n_threads = n_threads;
  ForwardOutput result;
  SPARSETUNE_CHECK(cache->Forward(input, &result) == Status::kOk);
  return result;
}

bool AreSame(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

int main() {
  const auto keys = Floats(kKvHeads * kKeys * kHeadDim, 1);
  const auto values = Floats(keys.size(), 2);
  const auto queries = Floats(kKvHeads * kGroupSize * kQueries * kHeadDim, 3);
  for (const ChainConfig& chain : Chains()) {
    KvCache alone({kKvHeads, kHeadDim, sparsetune::Dtype::kF32, kKeys});
    KvCache shared({kKvHeads, kHeadDim, sparsetune::Dtype::kF32, kKeys});
    for (KvCache* cache : {&alone, &shared}) {
      SPARSETUNE_CHECK(cache->Append(keys.data(), values.data(), kKeys) == Status::kOk);
    }
    const ForwardOutput expected = Run(chain, 1, queries, &alone);
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([&] {
        const ForwardOutput result = Run(chain, 3, queries, &shared);
        SPARSETUNE_CHECK(AreSame(result.output, expected.output));
        SPARSETUNE_CHECK(result.mask.indices == expected.mask.indices);
        SPARSETUNE_CHECK(AreSame(result.mask.probs, expected.mask.probs));
        SPARSETUNE_CHECK(result.stats.bytes_read == expected.stats.bytes_read);
        SPARSETUNE_CHECK(result.stats.density_sum == expected.stats.density_sum);
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
  std::puts("forward on threads: all tests passed");
  return 0;
}
