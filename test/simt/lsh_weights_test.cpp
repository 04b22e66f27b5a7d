// Log weights of the keys that magic_pig found, on the emulated GPU beside those of the CPU.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cuda/lsh.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::kLshCurveParts;
using sparsetune::LshParams;
using sparsetune::Status;
using sparsetune::testing::Dot;
using sparsetune::testing::Expect;
using sparsetune::testing::Normals;
using sparsetune::testing::Text;
namespace cuda = sparsetune::cuda;

std::vector<float> PartsOf(const sparsetune::LshCurve& curve) {
  const float* first = &curve.parts[0][0];
  return {first, first + 4 * kLshCurveParts};
}

/// Cosines that a float can hold: dense, and ever closer to -1, 0 and 1.
std::vector<float> Cosines() {
  std::vector<float> cosines;
  for (int i = 0; i <= 400; ++i) cosines.push_back(static_cast<float>(i) / 200 - 1);
  for (int i = 0; i < 400; i += 3) {
    const float x = std::exp2(-static_cast<float>(i) / 16);
    for (const float cosine : {x, -x, 1 - x, x - 1}) cosines.push_back(cosine);
  }
  return cosines;
}

/// Keys of norm 2 and a query of norm 1, so that a score is twice a cosine.
void CheckWeights(const LshParams& params, uint32_t min_matches) {
  const std::vector<float> cosines = Cosines();
  const size_t n = cosines.size();
  std::vector<float> scores;
  std::vector<uint32_t> keys;
  std::vector<uint32_t> words((n + 31) / 32 * 2);
  for (size_t i = 0; i < n; ++i) {
    scores.push_back(2 * cosines[i]);
    keys.push_back(static_cast<uint32_t>(2 * i));
    if (i % 10 != 3) words[2 * i / 32] |= 1u << 2 * i % 32;
  }
  std::vector<float> query(64);
  query[5] = 1;
  sparsetune::LshCurve curve;
  sparsetune::MakeLshCurve(params, min_matches, &curve);
  const DeviceArray<float> parts(PartsOf(curve), "curve");
  const DeviceArray<float> norms(std::vector<float>(2 * n, 2.0f), "norms");
  const DeviceArray<float> mean(std::vector<float>(64), "mean");
  const DeviceArray<float> device_query(query, "query");
  const DeviceArray<uint32_t> lists(keys, "lists");
  const DeviceArray<uint32_t> counts(std::vector<uint32_t>{static_cast<uint32_t>(n)}, "counts");
  DeviceArray<uint32_t> found(words.size(), "found");
  found.Set(words);
  DeviceArray<float> weights(n, "weights");
  weights.Set(scores);
  cuda::LshWeighed weighed;
  weighed.queries = {device_query.data(), 1};
  weighed.mean = mean.data();
  weighed.norms = norms.data();
  weighed.norm_stride = 2 * n;
  weighed.n_kv_heads = 1;
  weighed.head_dim = 64;
  weighed.curve = parts.data();
  weighed.lists = {lists.data(), counts.data(), 1, n, nullptr};
  weighed.found = {found.data(), 1, words.size()};
  Expect(cuda::LshLogWeights(weighed, params, min_matches, weights.data(), nullptr) == Status::kOk,
         "status");
  const std::vector<float> actual = weights.Get();
  for (size_t i = 0; i < n; ++i) {
    if (i % 10 == 3) {
      Expect(actual[i] == -std::numeric_limits<float>::infinity(), Text("not found ", i));
      continue;
    }
    const double expected = 0.0 - sparsetune::LshLogProbability(cosines[i], params, min_matches);
    const double bound = min_matches * params.lsh_k * 0x1p-21 + expected * 0x1p-21 + 0x1p-19;
    Expect(
        std::abs(actual[i] - expected) <= bound && actual[i] >= 0,
        Text("lsh_k=", params.lsh_k, " cosine=", cosines[i], ": ", actual[i], " for ", expected));
  }
}

/// Groups of queries over lists of their KV heads, one of them empty, and means that are not zero.
void CheckGroups(size_t head_dim, size_t group_size) {
  constexpr size_t kKvHeads = 3;
  constexpr size_t kKeys = 200;
  constexpr size_t kWords = (kKeys + 31) / 32;
  constexpr LshParams kParams = {12, 4};
  const size_t n_heads = kKvHeads * group_size;
  const std::vector<uint32_t> counts = {131, 0, 1};
  std::vector<uint32_t> listed(kKvHeads * kKeys);
  for (size_t i = 0; i < listed.size(); ++i) listed[i] = i * 3 % kKeys;
  std::vector<uint32_t> words(n_heads * kWords, 0x5a5a5a5au);
  for (size_t i = 0; i < words.size(); i += 3) words[i] = ~0u;
  const std::vector<float> queries = Normals(n_heads * head_dim, 1);
  const std::vector<float> mean = Normals(kKvHeads * head_dim, 2);
  const std::vector<float> dots = Normals(n_heads * kKeys, 3);
  std::vector<float> norms = Normals(kKvHeads * kKeys, 4);
  for (float& norm : norms) norm = 2 + std::abs(norm);
  norms[listed[5]] = 0;
  sparsetune::LshCurve curve;
  sparsetune::MakeLshCurve(kParams, 2, &curve);
  const DeviceArray<float> parts(PartsOf(curve), "curve");
  const DeviceArray<float> device_queries(queries, "queries");
  const DeviceArray<float> device_mean(mean, "mean");
  const DeviceArray<float> device_norms(norms, "norms");
  const DeviceArray<uint32_t> lists(listed, "lists");
  const DeviceArray<uint32_t> device_counts(counts, "counts");
  DeviceArray<uint32_t> found(words.size(), "found");
  found.Set(words);
  DeviceArray<float> weights(dots.size(), "weights");
  weights.Set(dots);
  const Status status =
      cuda::LshLogWeights({{device_queries.data(), group_size},
                           device_mean.data(),
                           device_norms.data(),
                           kKeys,
                           kKvHeads,
                           head_dim,
                           parts.data(),
                           {lists.data(), device_counts.data(), kKvHeads, kKeys, nullptr},
                           {found.data(), n_heads, kWords}},
                          kParams, 2, weights.data(), nullptr);
  Expect(status == Status::kOk, "status");
  const std::vector<float> actual = weights.Get();
  for (size_t head = 0; head < n_heads; ++head) {
    const size_t kv_head = head / group_size;
    const float* query = queries.data() + head * head_dim;
    const sparsetune::LshQuery factors = {std::sqrt(Dot(query, query, head_dim)),
                                          Dot(query, mean.data() + kv_head * head_dim, head_dim)};
    for (size_t i = 0; i < counts[kv_head]; ++i) {
      const uint32_t key = listed[kv_head * kKeys + i];
      const bool is_found = (words[head * kWords + key / 32] >> key % 32 & 1) != 0;
      float expected = dots[head * kKeys + i];
      sparsetune::LshLogWeights(factors, norms.data() + kv_head * kKeys + key, 1, curve,
                                sparsetune::Isa::kScalar, &expected);
      const float weight = actual[head * kKeys + i];
      // A cosine of floats is within 2^-22 or so, which the steepest part of the curve widens.
      const bool is_right = is_found ? std::abs(weight - expected) <= 1e-4f * (1 + expected)
                                     : weight == -std::numeric_limits<float>::infinity();
      Expect(is_right, Text("head_dim=", head_dim, " head=", head, " i=", i, ": ", weight, " for ",
                            expected));
    }
  }
}

}  // namespace

void TestLshWeights() {
  TestKernels("log weights are the CPU's in groups, over lists of several heads", [] {
    CheckGroups(64, 1);
    CheckGroups(80, 3);
    CheckGroups(96, 8);
    CheckGroups(128, 2);
    CheckGroups(256, 5);
  });
  for (const uint32_t lsh_l : {2, 3, 8, 75, 512}) {
    TestKernels(Text("log weights are within their bound at lsh_l=", lsh_l), [&] {
      for (uint32_t lsh_k = 1; lsh_k <= 16; lsh_k += 3) {
        for (const uint32_t min_matches : {1u, 2u}) CheckWeights({lsh_l, lsh_k}, min_matches);
      }
    });
  }
}

}  // namespace simt
