// top_p on the emulated GPU beside that of the CPU.
#include "kernels/top_p/top_p.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "cuda/top_k.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Status;
using sparsetune::testing::Expect;
using sparsetune::testing::Normals;
using sparsetune::testing::Text;
namespace cuda = sparsetune::cuda;

constexpr size_t kRows = 2;

/// What the kernel keeps of each row.
struct Kept {
  std::vector<uint32_t> indices;
  std::vector<uint32_t> counts;
  bool is_bad = false;
};

Kept Keep(const std::vector<float>& scores, size_t n, size_t stride, float scale, double top_p) {
  const DeviceArray<float> device_scores(scores, "scores");
  DeviceArray<uint32_t> indices(kRows * n, "indices");
  DeviceArray<uint32_t> counts(kRows, "counts");
  DeviceArray<uint32_t> is_bad(1, "is_bad");
  is_bad.Set({0});
  const Status status = cuda::TopP({device_scores.data(), kRows, n, stride}, scale, top_p,
                                   indices.data(), counts.data(), is_bad.data(), nullptr);
  Expect(status == Status::kOk, "status");
  return {indices.Get(), counts.Get(), is_bad.Get()[0] == 1};
}

void CheckTopP(const std::vector<float>& scores, size_t n, float scale, double top_p) {
  const size_t stride = scores.size() / kRows;
  const Kept kept = Keep(scores, n, stride, scale, top_p);
  for (size_t row = 0; row < kRows; ++row) {
    std::vector<sparsetune::ScoredKey> room(n);
    std::vector<uint32_t> expected(n);
    size_t n_expected = 0;
    sparsetune::TopP(scores.data() + row * stride, n, scale, top_p, room.data(), expected.data(),
                     &n_expected);
    expected.resize(n_expected);
    const auto first = kept.indices.begin() + static_cast<ptrdiff_t>(row * n);
    const bool is_same = kept.counts[row] == n_expected &&
                         std::equal(expected.begin(), expected.end(), first) && !kept.is_bad;
    Expect(is_same, Text("n=", n, " scale=", scale, " top_p=", top_p, " row=", row, ": ",
                         kept.counts[row], " for ", n_expected));
  }
}

/// Each size with each scale and share somewhere; of the CPU's table, and around the scores that a
/// block takes at once.
void TestSizes() {
  constexpr float kScales[] = {1, 0.125f, 6, -1, 0};
  constexpr double kShares[] = {0, 0.01, 0.3, 0.7, 0.95, 0.999};
  size_t turn = 0;
  for (const size_t n : {1, 2, 3, 5, 17, 33, 1000, 4097}) {
    const size_t stride = (n + 7) / 4 * 4;
    const std::vector<float> scores = Normals(kRows * stride, static_cast<uint32_t>(n));
    for (size_t i = 0; i < (n < 100 ? 4 : 2); ++i, ++turn) {
      CheckTopP(scores, n, kScales[turn % 5], kShares[(turn + turn / 5) % 6]);
    }
  }
}

/// A sum that a double does not hold may round to more than there is; keys that are next to nothing
/// may be left out.
void TestAll() {
  for (const size_t n : {100, 300, 1000}) {
    const Kept kept = Keep(Normals(kRows * n, 2), n, n, 6, 1);
    for (const uint32_t count : kept.counts) {
      Expect(count > n / 2 && count <= n, Text("n=", n, ": ", count));
    }
  }
}

/// Scores of which many are equal: those with the lower index are kept.
void TestTies() {
  constexpr size_t kScores = 40;
  std::vector<float> scores = Normals(kRows * kScores, 3);
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = i % 3 == 0 ? 1.5f : -0.0f * scores[i];
  for (const double top_p : {0.1, 0.45, 0.8}) CheckTopP(scores, kScores, 2, top_p);
  for (const double top_p : {0.25, 0.33, 0.5}) {
    CheckTopP(std::vector<float>(kRows * kScores, -7), kScores, 1, top_p);
  }
}

void TestFar() {
  std::vector<float> scores(kRows * 8, -1e30f);
  scores[3] = scores[9] = 0;
  scores[12] = -0.5f;
  for (const double top_p : {0.5, 0.7, 1 - 1e-6}) CheckTopP(scores, 8, 1, top_p);
  scores[3] = scores[9] = 3e38f;
  CheckTopP(scores, 8, 1e3f, 0.9);
}

void TestNotFinite() {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    std::vector<float> scores = Normals(kRows * 40, 1);
    scores[41] = bad;
    const Kept kept = Keep(scores, 40, 40, 1, 0.5);
    Expect(kept.is_bad && kept.counts[0] > 0 && kept.counts[1] == 0, Text(bad));
  }
}

}  // namespace

void TestTopP() {
  TestKernels("top_p keeps what the CPU keeps", TestSizes);
  TestKernels("top_p keeps all where all are wanted", TestAll);
  TestKernels("top_p keeps the first of equal scores", TestTies);
  TestKernels("top_p takes scores that are far apart", TestFar);
  TestKernels("top_p tells scores that are not finite", TestNotFinite);
  sparsetune::testing::Test("top_p refuses what it is not built for", [] {
    const auto call = [](const cuda::ScoreRows& rows, double top_p) {
      return cuda::TopP(rows, 1, top_p, nullptr, nullptr, nullptr, nullptr);
    };
    Expect(call({nullptr, 1, 0, 4}, 0.5) == Status::kInvalidShape, "no scores");
    Expect(call({nullptr, 1, 5, 4}, 0.5) == Status::kInvalidShape, "stride");
    Expect(call({nullptr, 1, 3, 3}, 0.5) == Status::kInvalidShape, "alignment");
    Expect(call({nullptr, 1, 4, 4}, 1.5) == Status::kInvalidArgument, "share");
  });
}

}  // namespace simt
