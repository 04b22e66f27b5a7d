#include "kernels/quantized_scores/quantized_scores.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "core/target.h"
#include "inputs.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

/// A vector in whole steps of 1/127 of its largest magnitude.
struct Quantized {
  std::vector<long> codes;
  float scale = 0;
};

Quantized Quantize(const float* vector, size_t n) {
  float largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(vector[i]));
  if (!(largest > 1e-30f)) return {std::vector<long>(n), 0};
  const float factor = 127 / largest;
  Quantized quantized = {{}, largest / 127};
  for (size_t i = 0; i < n; ++i) quantized.codes.push_back(std::lrint(vector[i] * factor));
  return quantized;
}

using Version =
    std::function<Status(const QuantizedQueries&, const QuantizedKeys&, float*, size_t)>;

/// Every version gives the same, down to the last bit.
void Check(size_t head_dim, const std::vector<float>& queries, const std::vector<float>& keys,
           const Version& version) {
  const size_t n_queries = queries.size() / head_dim;
  const size_t n = keys.size() / head_dim;
  const size_t n_blocks = (n + kQuantBlockKeys - 1) / kQuantBlockKeys;
  Fenced<uint8_t> blocks(n_blocks * QuantBlockBytes(head_dim));
  for (size_t b = 0; b < n_blocks; ++b) {
    ClearQuantBlock(head_dim, blocks.data() + b * QuantBlockBytes(head_dim));
  }
  for (size_t key = 0; key < n; ++key) {
    QuantizeKey(keys.data() + key * head_dim, head_dim, key % kQuantBlockKeys,
                blocks.data() + key / kQuantBlockKeys * QuantBlockBytes(head_dim));
  }
  Fenced<int8_t> codes(n_queries * QuantChannels(head_dim));
  Fenced<int32_t> sums(n_queries);
  for (size_t g = 0; g < n_queries; ++g) {
    sums[g] = QuantizeQuery(queries.data() + g * head_dim, head_dim,
                            codes.data() + g * QuantChannels(head_dim));
  }
  const size_t stride = n_blocks * kQuantBlockKeys;
  Fenced<float> scores(n_queries * stride);
  const Status status = version({codes.data(), sums.data(), n_queries},
                                {blocks.data(), head_dim, n_blocks}, scores.data(), stride);
  Expect(status == Status::kOk, "status");
  for (size_t at = 0; at < scores.size(); ++at) {
    const size_t key = at % stride;
    float expected = 0;
    if (key < n) {
      const Quantized query = Quantize(queries.data() + at / stride * head_dim, head_dim);
      const Quantized row = Quantize(keys.data() + key * head_dim, head_dim);
      long sum = 0;
      for (size_t i = 0; i < head_dim; ++i) sum += query.codes[i] * row.codes[i];
      expected = static_cast<float>(sum) * row.scale;
    }
    Expect(scores[at] == expected, Text("n=", n, " queries=", n_queries, " at=", at));
  }
}

void TestExtremes(const Version& version) {
  constexpr size_t kHeadDim = 512;
  const std::vector<float> query(kHeadDim, 3.0f);
  std::vector<float> keys(4 * kHeadDim);
  for (size_t i = 0; i < kHeadDim; ++i) {
    keys[i] = 3.0f;
    keys[kHeadDim + i] = -3.0f;
    keys[2 * kHeadDim + i] = 1e-35f;
  }
  Check(kHeadDim, query, keys, version);
  Check(kHeadDim, std::vector<float>(kHeadDim), keys, version);
}

void TestVersion(const std::string& name, const Version& version) {
  for (const size_t head_dim : {1, 3, 4, 5, 8, 17, 64, 100, 128}) {
    Test(Text("quantized_scores ", name, " are exact at head_dim=", head_dim), [&] {
      for (const size_t n : {1, 15, 16, 63, 64, 65, 200}) {
        for (const size_t n_queries : {1, 2, 3, 4, 5, 9}) {
          Check(head_dim, Normals(n_queries * head_dim, 1), Normals(n * head_dim, 2), version);
        }
      }
    });
  }
  Test(Text("quantized_scores ", name, " hold the largest sums, zero and tiny keys"),
       [&] { TestExtremes(version); });
}

/// A version that no CPU with dot products of bytes would choose.
template <typename Function>
Version Always(Function function) {
  return [function](const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                    size_t stride) {
    function(queries, keys, scores, stride);
    return Status::kOk;
  };
}

}  // namespace

void TestQuantizedScores(Isa isa) {
  TestVersion(IsaName(isa),
              [isa](const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                    size_t stride) { return QuantizedScores(queries, keys, isa, scores, stride); });
  if (!HasByteDots()) return;
#if SPARSETUNE_X86_KERNELS
  if (isa == Isa::kAvx512) TestVersion("avx512 without VNNI", Always(QuantizedScoresAvx512));
#elif SPARSETUNE_ARM64_KERNELS
  if (isa == Isa::kNeon) TestVersion("neon without dot products", Always(QuantizedScoresNeon));
#endif
}

}  // namespace sparsetune::testing
