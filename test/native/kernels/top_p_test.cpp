#include "kernels/top_p/top_p.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

/// The shortest prefix of the sorted scores whose mass reaches the share.
std::vector<uint32_t> Reference(const std::vector<float>& scores, float scale, double share) {
  std::vector<uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return scale * scores[a] > scale * scores[b]; });
  const auto weight = [&](uint32_t i) {
    return std::exp(static_cast<double>(scale) * (scores[i] - scores[order[0]]));
  };
  double total = 0;
  for (const uint32_t i : order) total += weight(i);
  double sum = 0;
  size_t n = 0;
  while (n < order.size() && (n == 0 || sum < share * total)) sum += weight(order[n++]);
  order.resize(n);
  std::sort(order.begin(), order.end());
  return order;
}

Status Run(const std::vector<float>& scores, float scale, double share,
           std::vector<uint32_t>* chosen) {
  std::vector<ScoredKey> room(scores.size());
  chosen->resize(scores.size());
  size_t n = 0;
  const Status status =
      TopP(scores.data(), scores.size(), scale, share, room.data(), chosen->data(), &n);
  chosen->resize(n);
  return status;
}

}  // namespace

void TestTopP() {
  Test("top_p keeps the shortest prefix of the mass", [] {
    for (const size_t n : {1, 2, 3, 16, 17, 1000}) {
      for (const float scale : {1.0f, 0.125f, 6.0f, -1.0f}) {
        for (const double share : {0.0, 0.01, 0.3, 0.7, 0.95, 0.999}) {
          const std::vector<float> scores = Normals(n, 1);
          std::vector<uint32_t> chosen;
          Expect(Run(scores, scale, share, &chosen) == Status::kOk, "status");
          Expect(chosen == Reference(scores, scale, share),
                 Text("n=", n, " scale=", scale, " share=", share));
        }
      }
    }
  });
  Test("top_p refuses scores that are not finite", [] {
    std::vector<uint32_t> chosen;
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity()}) {
      Expect(Run({1, bad}, 1, 0.5, &chosen) == Status::kInvalidArgument, Text(bad));
    }
  });
}

}  // namespace sparsetune::testing
