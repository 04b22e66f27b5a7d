#include "kernels/limits/limits.h"

#include <cmath>

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {

void TestLimits(Isa isa) {
  Fenced<float> data(64 * 33);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i % 8);
  Test(Text("the stream of ", IsaName(isa), " reads every element once"), [&] {
    for (const size_t n : {0, 64, 128, 64 * 33}) {
      for (const size_t ahead : {0, 2048}) {
        float sum = -1;
        Expect(StreamRead(data.data(), n, ahead, isa, &sum) == Status::kOk, "status");
        Expect(sum == static_cast<float>(n) * 3.5f, Text("n=", n, " sum=", sum));
      }
    }
  });
  Test(Text("the gather of ", IsaName(isa), " reads every listed row once"), [&] {
    const Fenced<uint32_t> indices(std::vector<uint32_t>{32, 0, 5, 5, 31});
    for (const size_t rows_ahead : {0, 1, 100}) {
      float sum = -1;
      const GatherRows rows = {data.data(), 64, indices.data(), indices.size()};
      Expect(GatherRead(rows, rows_ahead, isa, &sum) == Status::kOk, "status");
      Expect(sum == 5 * 64 * 3.5f, Text("sum=", sum));
    }
  });
  Test(Text("the multiply-adds of ", IsaName(isa), " are as many as it says"), [&] {
    float sum = 0;
    Expect(FmaRounds(1000, isa, &sum) == Status::kOk, "status");
    // x -> x / 2 + 1 ends at 2 in every lane of every register, each two operations a round.
    Expect(std::abs(sum - static_cast<float>(FmaFlops(isa))) < 1e-3f, Text("sum=", sum));
  });
}

}  // namespace sparsetune::testing
