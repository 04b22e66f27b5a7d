#include "kernels/scores/scores.h"

#include <cmath>

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

struct ScoreCase {
  ScoreCase(size_t dim, size_t n_queries, size_t n, Dtype dtype)
      : head_dim(dim),
        queries(Normals(n_queries * dim, 1)),
        keys(Normals(n * dim, 2), dtype),
        pointers(RowsOf(queries, dim)) {
    rows = {keys.bytes.data(), dtype, dim, nullptr, n};
  }

  size_t head_dim;
  Fenced<float> queries;
  Stored keys;
  std::vector<const float*> pointers;
  ScoreRows rows;
};

Fenced<float> Run(const ScoreCase& given, Isa isa) {
  Fenced<float> scores(given.pointers.size() * given.rows.n);
  const Status status = Scores(given.pointers.data(), given.pointers.size(), given.rows, isa,
                               scores.data(), given.rows.n);
  Expect(status == Status::kOk, "status");
  return scores;
}

void CheckBound(const ScoreCase& given, Isa isa) {
  const Fenced<float> scores = Run(given, isa);
  const size_t n = given.rows.n;
  for (size_t at = 0; at < scores.size(); ++at) {
    const float* query = given.pointers[at / n];
    const float* key = given.keys.values.data() + at % n * given.head_dim;
    const double bound =
        static_cast<double>(given.head_dim) * 0x1p-24 * DotOfMagnitudes(query, key, given.head_dim);
    const double error = std::abs(scores[at] - Dot(query, key, given.head_dim));
    Expect(error <= bound, Text(DtypeName(given.keys.dtype), " n=", n,
                                " queries=", given.pointers.size(), " at=", at, " error=", error));
  }
}

void TestListedRows(Isa isa) {
  ScoreCase given(24, 2, 1000, Dtype::kF16);
  const Fenced<float> all = Run(given, isa);
  for (const size_t n : {1, 5, 63, 64, 65, 71, 72, 73, 137}) {
    std::vector<uint32_t> rows(n);
    for (size_t r = 0; r < n; ++r) rows[r] = static_cast<uint32_t>(999 - r * 619 % 1000);
    const Fenced<uint32_t> indices(rows);
    given.rows.indices = indices.data();
    given.rows.n = n;
    const Fenced<float> listed = Run(given, isa);
    for (size_t g = 0; g < 2; ++g) {
      for (size_t r = 0; r < n; ++r) {
        Expect(listed[g * n + r] == all[g * 1000 + indices[r]], Text("n=", n, " g=", g, " r=", r));
      }
    }
  }
}

void TestAlone(Isa isa) {
  const ScoreCase given(40, 5, 9, Dtype::kBf16);
  const Fenced<float> all = Run(given, isa);
  for (size_t g = 0; g < 5; ++g) {
    for (uint32_t r = 0; r < 9; ++r) {
      ScoreRows one = given.rows;
      one.indices = &r;
      one.n = 1;
      float alone = 0;
      Scores(given.pointers.data() + g, 1, one, isa, &alone, 1);
      Expect(alone == all[g * 9 + r], Text("g=", g, " r=", r));
    }
  }
}

}  // namespace

void TestScores(Isa isa) {
  for (const size_t head_dim : kDims) {
    Test(Text("scores ", IsaName(isa), " is the sum in double at head_dim=", head_dim), [&] {
      for (const Dtype dtype : kDtypes) {
        for (const size_t n : {0, 1, 3, 4, 5, 33, 39, 40, 73}) {
          for (const size_t n_queries : {1, 2, 3, 4, 5, 8}) {
            CheckBound(ScoreCase(head_dim, n_queries, n, dtype), isa);
          }
        }
      }
    });
  }
  Test(Text("scores ", IsaName(isa), " takes queries of any length"), [&] {
    for (const Dtype dtype : kDtypes) {
      CheckBound(ScoreCase(520, 33, 5, dtype), isa);
      for (const size_t head_dim : {8192, 8193}) CheckBound(ScoreCase(head_dim, 3, 5, dtype), isa);
    }
  });
  Test(Text("scores ", IsaName(isa), " of listed rows are those of all rows"),
       [&] { TestListedRows(isa); });
  Test(Text("a score of ", IsaName(isa), " does not depend on its neighbours"),
       [&] { TestAlone(isa); });
}

}  // namespace sparsetune::testing
