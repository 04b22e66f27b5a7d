#include "kernels/pages/pages.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

/// The bound in double, and the sum of the magnitudes of its terms.
struct PageBound {
  double score = 0;
  double magnitude = 0;
};

PageBound Reference(const float* query, const float* page, size_t head_dim) {
  PageBound bound;
  for (size_t i = 0; i < head_dim; ++i) {
    const double low = static_cast<double>(query[i]) * page[i];
    const double high = static_cast<double>(query[i]) * page[head_dim + i];
    bound.score += std::max(low, high);
    bound.magnitude += std::max(std::abs(low), std::abs(high));
  }
  return bound;
}

/// [n, 2, head_dim], of each page and channel the smaller number first.
std::vector<float> Bounds(size_t n, size_t head_dim) {
  std::vector<float> bounds = Normals(2 * n * head_dim, 2);
  for (size_t page = 0; page < n; ++page) {
    float* low = bounds.data() + 2 * page * head_dim;
    for (size_t i = 0; i < head_dim; ++i) {
      if (low[i] > low[head_dim + i]) std::swap(low[i], low[head_dim + i]);
    }
  }
  return bounds;
}

void Check(size_t head_dim, size_t n, Dtype dtype, Isa isa) {
  constexpr size_t kQueries = 3;
  const Fenced<float> queries(Normals(kQueries * head_dim, 1));
  const Stored bounds(Bounds(n, head_dim), dtype);
  Fenced<float> room(kQueries * 2 * head_dim);
  Fenced<float> scores(kQueries * n);
  const Status status =
      PageScores(RowsOf(queries, head_dim).data(), kQueries,
                 {bounds.bytes.data(), dtype, head_dim, n}, isa, room.data(), scores.data(), n);
  Expect(status == Status::kOk, "status");
  for (size_t at = 0; at < scores.size(); ++at) {
    const PageBound bound = Reference(queries.data() + at / n * head_dim,
                                      bounds.values.data() + 2 * (at % n) * head_dim, head_dim);
    const double error = std::abs(scores[at] - bound.score);
    Expect(error <= static_cast<double>(head_dim) * 0x1p-24 * bound.magnitude,
           Text(DtypeName(dtype), " n=", n, " at=", at, " error=", error));
  }
}

}  // namespace

void TestPages(Isa isa) {
  for (const size_t head_dim : kDims) {
    Test(Text("pages ", IsaName(isa), " gives the bound at head_dim=", head_dim), [&] {
      for (const Dtype dtype : kDtypes) {
        for (const size_t n : {0, 1, 5, 33}) Check(head_dim, n, dtype, isa);
      }
    });
  }
}

}  // namespace sparsetune::testing
