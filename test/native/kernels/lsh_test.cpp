#include "kernels/lsh/lsh.h"

#include <cmath>

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

constexpr LshParams kShapes[] = {{1, 1}, {3, 5}, {8, 8}, {10, 9}, {75, 8}, {7, 16}, {512, 16}};

Fenced<float> Panels(const Fenced<float>& planes, const LshParams& params, size_t head_dim) {
  Fenced<float> panels(LshPanelFloats(params, head_dim));
  LshPackPlanes(planes.data(), params, head_dim, panels.data());
  return panels;
}

void CheckCodes(const LshParams& params, size_t head_dim, Isa isa) {
  constexpr size_t kVectors = 39;  // a tile of the most vectors, and more than half a tile
  const Fenced<float> vectors(Normals(kVectors * head_dim, 1));
  const Fenced<float> planes(Normals(size_t{params.lsh_l} * params.lsh_k * head_dim, 2));
  const Fenced<float> panels = Panels(planes, params, head_dim);
  Fenced<uint16_t> codes(kVectors * params.lsh_l);
  const Status status = LshCodes(RowsOf(vectors, head_dim).data(), kVectors, head_dim, params,
                                 panels.data(), isa, codes.data());
  Expect(status == Status::kOk, "status");
  for (size_t at = 0; at < codes.size(); ++at) {
    const float* vector = vectors.data() + at / params.lsh_l * head_dim;
    const float* table = planes.data() + at % params.lsh_l * params.lsh_k * head_dim;
    for (size_t b = 0; b < params.lsh_k; ++b) {
      const float* plane = table + b * head_dim;
      const double dot = Dot(vector, plane, head_dim);
      const double margin = static_cast<double>(head_dim) * 0x1p-23 *
                            std::sqrt(Dot(vector, vector, head_dim) * Dot(plane, plane, head_dim));
      if (std::abs(dot) <= margin) continue;  // either sign is right
      Expect((codes[at] >> b & 1) == (dot >= 0 ? 1 : 0), Text("at=", at, " bit=", b));
    }
    Expect(codes[at] >> params.lsh_k == 0, Text("at=", at, ": bits beyond the code"));
  }
}

void TestAlone(Isa isa) {
  constexpr size_t kHeadDim = 33;
  constexpr size_t kVectors = 31;  // a tile of the most vectors, one of four, and three
  constexpr LshParams kParams = {9, 7};
  const Fenced<float> vectors(Normals(kVectors * kHeadDim, 3));
  const Fenced<float> planes(Normals(9 * 7 * kHeadDim, 4));
  const Fenced<float> panels = Panels(planes, kParams, kHeadDim);
  const std::vector<const float*> rows = RowsOf(vectors, kHeadDim);
  std::vector<uint16_t> all(kVectors * 9);
  LshCodes(rows.data(), kVectors, kHeadDim, kParams, panels.data(), isa, all.data());
  for (size_t i = 0; i < kVectors; ++i) {
    std::vector<uint16_t> alone(9);
    LshCodes(rows.data() + i, 1, kHeadDim, kParams, panels.data(), isa, alone.data());
    for (size_t t = 0; t < 9; ++t) Expect(alone[t] == all[i * 9 + t], Text("i=", i, " t=", t));
  }
}

struct MatchCase {
  LshParams params;
  size_t n_keys;
  uint32_t min_matches;
};

void CheckMatch(const MatchCase& given, Isa isa) {
  constexpr size_t kQueries = 3;
  const auto [params, n_keys, min_matches] = given;
  const size_t n_blocks = (n_keys + kLshBlockKeys - 1) / kLshBlockKeys;
  Uniform uniform(params.lsh_k);
  const auto code = [&uniform, wide = params.lsh_k > 8] {
    return static_cast<uint16_t>(uniform.Word() % 3 * (wide ? 257 : 1));
  };
  std::vector<uint16_t> keys(n_keys * params.lsh_l);
  Fenced<uint16_t> queries(kQueries * params.lsh_l);
  for (uint16_t& key : keys) key = code();
  for (size_t i = 0; i < queries.size(); ++i) queries[i] = code();
  Fenced<uint8_t> codes(n_blocks * LshBlockBytes(params));
  LshStore(keys.data(), 0, n_keys, params, codes.data());
  Fenced<uint64_t> bits(kQueries * n_blocks);
  const Status status = LshMatch({params, codes.data(), n_keys}, queries.data(), kQueries,
                                 min_matches, 0, n_blocks, isa, bits.data());
  Expect(status == Status::kOk, "status");
  for (size_t at = 0; at < kQueries * n_blocks * 64; ++at) {
    const size_t q = at / (n_blocks * 64);
    const size_t key = at % (n_blocks * 64);
    uint32_t matches = 0;
    for (size_t t = 0; t < params.lsh_l && key < n_keys; ++t) {
      matches += keys[key * params.lsh_l + t] == queries[q * params.lsh_l + t] ? 1 : 0;
    }
    const bool is_set = (bits[at / 64] >> at % 64 & 1) != 0;
    Expect(is_set == (matches >= min_matches), Text("n=", n_keys, " q=", q, " key=", key));
  }
}

}  // namespace

void TestLsh(Isa isa) {
  for (const LshParams& params : kShapes) {
    Test(Text("codes of ", IsaName(isa), " are the signs of projections at lsh_l=", params.lsh_l,
              " lsh_k=", params.lsh_k),
         [&] {
           for (const size_t head_dim : {3, 20, 64}) CheckCodes(params, head_dim, isa);
         });
  }
  Test(Text("codes of ", IsaName(isa), " are the signs of projections of long vectors"), [&] {
    for (const size_t head_dim : {512, 513, 3073}) CheckCodes({3, 5}, head_dim, isa);
  });
  Test(Text("a code of ", IsaName(isa), " does not depend on the other vectors"),
       [&] { TestAlone(isa); });
  for (const uint32_t lsh_k : {2, 8, 9, 12}) {
    Test(Text("match ", IsaName(isa), " counts equal tables at lsh_k=", lsh_k), [&] {
      for (const size_t n : {1, 63, 64, 65, 127, 128, 129, 1000}) {
        for (const uint32_t min_matches : {1, 2}) CheckMatch({{6, lsh_k}, n, min_matches}, isa);
      }
    });
  }
}

}  // namespace sparsetune::testing
