#include <cmath>
#include <cstring>

#include "inputs.h"
#include "kernels/lsh/buckets.h"
#include "kernels/lsh/centre.h"
#include "kernels/lsh/weights.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

struct BucketCase {
  LshParams params;
  size_t n_keys;
  double skew;  ///< share of the codes that are 0; the others are spread evenly
};

constexpr BucketCase kBucketCases[] = {
    {{7, 1}, 1024, 0},     {{7, 5}, 1024, 0},     {{7, 8}, 1024, 0},     {{7, 9}, 1024, 0},
    {{7, 16}, 1024, 0},    {{20, 5}, 64, 0.02},   {{20, 5}, 5120, 0.02}, {{12, 8}, 2048, 0.03},
    {{12, 8}, 2048, 0.5},  {{12, 8}, 2048, 1},    {{1, 3}, 128, 0},      {{512, 10}, 1024, 0.02},
    {{300, 16}, 64, 0.02}, {{3, 10}, 65536, 0.1},
};

void CheckLookUp(const BucketCase& given, Isa isa) {
  constexpr size_t kQueries = 3;
  const auto [params, n_keys, skew] = given;
  const size_t n_words = n_keys / 64;
  Fenced<uint8_t> blocks(n_words * LshBlockBytes(params));
  LshStore(SkewedCodes(params, n_keys, skew, 1).data(), 0, n_keys, params, blocks.data());
  const LshTable table = {params, blocks.data(), n_keys};
  std::vector<uint16_t> room(2 * n_keys);
  std::vector<uint16_t> units(LshTableUnits(n_keys) * params.lsh_l);
  Fenced<uint32_t> starts(LshStartCount(params));
  size_t used = 0;
  for (size_t t = 0; t < params.lsh_l; ++t) {
    used = LshSortTable(table, t, n_keys, used, room.data(), starts.data(), units.data());
  }
  units.resize(used);
  const Fenced<uint16_t> buckets(units);
  const Fenced<uint16_t> queries(SkewedCodes(params, kQueries, skew, 2));
  for (const uint32_t min_matches : {1u, 2u}) {
    Fenced<uint8_t> counts(n_keys);
    Fenced<uint64_t> found(kQueries * n_words);
    Fenced<uint64_t> scanned(kQueries * n_words);
    LshMatch(table, queries.data(), kQueries, min_matches, 0, n_words, Isa::kScalar,
             scanned.data());
    const Status status =
        LshLookUp({params, starts.data(), buckets.data(), n_keys}, queries.data(), kQueries,
                  min_matches, isa, counts.data(), found.data(), n_words);
    Expect(status == Status::kOk, "status");
    Expect(std::memcmp(found.data(), scanned.data(), kQueries * n_words * 8) == 0,
           Text("min_matches=", min_matches));
  }
}

void CheckCentre(size_t n, size_t head_dim, Dtype dtype, Isa isa) {
  const Stored keys(Normals(n * head_dim, 1), dtype);
  const Fenced<float> mean(Normals(head_dim, 2));
  const LshRows rows = {keys.bytes.data(), dtype, head_dim, n};
  Fenced<float> centred(n * head_dim);
  Fenced<float> norms(n);
  Fenced<double> sums(head_dim);
  Expect(LshCentre(rows, mean.data(), isa, centred.data(), norms.data()) == Status::kOk, "centre");
  Expect(LshAddRows(rows, isa, sums.data()) == Status::kOk, "add");
  std::vector<double> expected_sums(head_dim);
  for (size_t r = 0; r < n; ++r) {
    double square = 0;
    for (size_t i = 0; i < head_dim; ++i) {
      const size_t at = r * head_dim + i;
      Expect(centred[at] == keys.values[at] - mean[i], Text("n=", n, " at=", at));
      square += static_cast<double>(centred[at]) * centred[at];
      expected_sums[i] += keys.values[at];
    }
    const double error = std::abs(norms[r] - std::sqrt(square));
    Expect(error <= std::sqrt(square) * 0x1p-23, Text("n=", n, " norm ", r));
  }
  for (size_t i = 0; i < head_dim; ++i) Expect(sums[i] == expected_sums[i], Text("sum ", i));
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

void CheckWeights(const LshParams& params, uint32_t min_matches, Isa isa) {
  const std::vector<float> cosines = Cosines();
  const Fenced<float> norms(std::vector<float>(cosines.size(), 1.0f));
  Fenced<float> weights(cosines);
  LshCurve curve;
  MakeLshCurve(params, min_matches, &curve);
  const Status status =
      LshLogWeights({1, 0}, norms.data(), weights.size(), curve, isa, weights.data());
  Expect(status == Status::kOk, "status");
  for (size_t i = 0; i < weights.size(); ++i) {
    const double expected = 0.0 - LshLogProbability(cosines[i], params, min_matches);
    const double bound = min_matches * params.lsh_k * 0x1p-21 + expected * 0x1p-21 + 0x1p-19;
    const double error = std::abs(weights[i] - expected);
    Expect(error <= bound && weights[i] >= 0,
           Text("lsh_k=", params.lsh_k, " cosine=", cosines[i], ": ", weights[i]));
  }
}

/// Log weight of a key with this product and norm.
float Weight(const LshQuery& query, float dot, float norm, Isa isa) {
  LshCurve curve;
  MakeLshCurve({8, 3}, 2, &curve);
  LshLogWeights(query, &norm, 1, curve, isa, &dot);
  return dot;
}

void TestWeightEdges(Isa isa) {
  const double square = 0.0 - LshLogProbability(0, {8, 3}, 2);
  const float huge = 3e38f;
  const float infinity = HUGE_VALF;
  Expect(std::abs(Weight({2, 0}, 0, 0, isa) - square) < 1e-5, "a zero key");
  Expect(std::abs(Weight({0, 0}, 0, 3, isa) - square) < 1e-5, "a zero query");
  Expect(Weight({0, 0}, 0, 0, isa) == 0, "both zero");
  Expect(Weight({2, 1}, 7, 3, isa) == 0, "the same direction, with a mean");
  Expect(Weight({1, 0}, 1.0001f, 1, isa) == 0, "a cosine above 1");
  Expect(Weight({1, 0}, huge, 1, isa) == 0, "an overflowing product");
  Expect(Weight({1, 0}, -1.0001f, 1, isa) == Weight({1, 0}, -huge, 1, isa), "a cosine below -1");
  if (isa == Isa::kScalar) return;
  Expect(Weight({1, 0}, infinity, infinity, isa) == Weight({1, 0}, -1, 1, isa), "no number");
}

}  // namespace

void TestLshKeys(Isa isa) {
  for (const BucketCase& given : kBucketCases) {
    Test(Text("look up ", IsaName(isa), " finds what a scan finds at lsh_l=", given.params.lsh_l,
              " lsh_k=", given.params.lsh_k, " n=", given.n_keys, " skew=", given.skew),
         [&] { CheckLookUp(given, isa); });
  }
  Test(Text("centring of ", IsaName(isa), " subtracts the mean, takes norms and adds rows"), [&] {
    for (const size_t head_dim : kDims) {
      for (const size_t n : {1, 2, 9}) {
        for (const Dtype dtype : kDtypes) CheckCentre(n, head_dim, dtype, isa);
      }
    }
  });
  for (const uint32_t lsh_l : {2, 3, 8, 75, 512}) {
    Test(Text("log weights of ", IsaName(isa), " are within their bound at lsh_l=", lsh_l), [&] {
      for (uint32_t lsh_k = 1; lsh_k <= 16; ++lsh_k) {
        for (const uint32_t min_matches : {1u, 2u}) CheckWeights({lsh_l, lsh_k}, min_matches, isa);
      }
    });
  }
  Test(Text("log weights of ", IsaName(isa), " take what is no angle"),
       [&] { TestWeightEdges(isa); });
}

}  // namespace sparsetune::testing
