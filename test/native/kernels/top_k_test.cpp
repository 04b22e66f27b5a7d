#include "kernels/top_k/top_k.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

/// By sorting: larger first, of equal ones the lower index.
std::vector<uint32_t> Reference(const Fenced<float>& scores, size_t k) {
  std::vector<uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(k, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

void Check(const Fenced<float>& scores, size_t k, Isa isa, TopKRoom* room) {
  const std::vector<uint32_t> expected = Reference(scores, k);
  Fenced<uint32_t> indices(expected.size());
  const Status status = TopK(scores.data(), scores.size(), k, isa, room, indices.data());
  Expect(status == Status::kOk, "status");
  Expect(std::equal(expected.begin(), expected.end(), indices.data()),
         Text("n=", scores.size(), " k=", k));
}

void TestNan(Isa isa) {
  for (const size_t n : {1, 3, 4, 5, 8, 16, 33, 5000}) {
    for (const size_t at : {size_t{0}, n / 2, n - 1}) {
      Fenced<float> scores(Normals(n, 6));
      scores[at] = std::numeric_limits<float>::quiet_NaN();
      Fenced<uint32_t> indices(1);
      TopKRoom room;
      const Status status = TopK(scores.data(), n, 1, isa, &room, indices.data());
      Expect(status == Status::kInvalidArgument, Text("n=", n, " at=", at));
    }
  }
}

}  // namespace

void TestTopK(Isa isa) {
  for (const SelectCase& input : kSelectCases) {
    Test(Text("top_k ", IsaName(isa), " is exact on ", input.title), [&] {
      TopKRoom room;  // of all sizes
      for (const size_t n :
           {65549, 0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1000, 20000, 32768}) {
        Fenced<float> scores(Normals(n, 1));
        for (size_t i = 0; i < n; ++i) scores[i] = input.change(scores[i], i);
        const size_t last = n == 0 ? 0 : n - 1;
        for (const size_t k : {size_t{0}, size_t{1}, size_t{2}, n / 50, n / 2, last, n, n + 1}) {
          Check(scores, k, isa, &room);
        }
      }
    });
  }
  Test(Text("top_k ", IsaName(isa), " rejects NaN wherever it stands"), [&] { TestNan(isa); });
}

}  // namespace sparsetune::testing
