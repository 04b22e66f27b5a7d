// Tests every kernel on every instruction set of the CPU it runs on, without Node.
// Arguments: the instruction sets that this CPU must turn out to have, e.g. `scalar neon`; none:
// any.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/attend/attend.h"
#include "kernels/testing.h"

namespace sparsetune::testing {
namespace {

/// Names of the instruction sets of this CPU.
std::string Supported() {
  std::string names;
  for (const Isa isa : kAllIsas) {
    if (SupportsIsa(isa)) names += std::string(names.empty() ? "" : " ") + IsaName(isa);
  }
  return names;
}

void TestInstructionSets(const std::string& wanted) {
  Test("the best instruction set is the last that this CPU has", [] {
    Isa best = Isa::kScalar;
    for (const Isa isa : kAllIsas) best = SupportsIsa(isa) ? isa : best;
    Expect(BestIsa() == best, IsaName(BestIsa()));
  });
  Test("every instruction set has a name that finds it, and no other name does", [] {
    for (const Isa isa : kAllIsas) {
      Isa found = isa == Isa::kScalar ? Isa::kNeon : Isa::kScalar;
      Expect(FindIsa(IsaName(isa), &found) && found == isa, IsaName(isa));
    }
    Isa untouched = Isa::kAvx2;
    Expect(!FindIsa("sse2", &untouched) && untouched == Isa::kAvx2, "sse2");
  });
  Test("a kernel refuses an instruction set of another processor", [] {
    const bool is_arm = SupportsIsa(Isa::kNeon);
    const float zero = 0;
    const float* query = &zero;
    float max = 0;
    AttendState state = {&max, &max, &max};
    const Isa other = is_arm ? Isa::kAvx2 : Isa::kNeon;
    Expect(!SupportsIsa(other), IsaName(other));
    Expect(AttendAdd({&query, 1, 1, 1.0f}, {}, other, &state) == Status::kUnsupported, "status");
  });
  if (wanted.empty()) return;
  Test("this CPU has the instruction sets that were named",
       [&] { Expect(Supported() == wanted, Supported() + " instead of " + wanted); });
}

int Run(const std::string& wanted) {
  std::printf("instruction sets: %s; best: %s%s\n", Supported().c_str(), IsaName(BestIsa()),
              HasByteDots() ? ", with dot products of bytes" : "");
  TestInstructionSets(wanted);
  TestBits();
  TestElements();
  TestChainMemory();
  TestTopP();
  TestBudgets();
  for (const Isa isa : kAllIsas) {
    if (!SupportsIsa(isa)) continue;
    TestAttend(isa);
    TestScores(isa);
    TestPages(isa);
    TestQuantizedScores(isa);
    TestSignatures(isa);
    TestLsh(isa);
    TestLshKeys(isa);
    TestSampling(isa);
    TestLimits(isa);
    TestTopK(isa);
    TestChains(isa);
  }
  return Finish();
}

}  // namespace
}  // namespace sparsetune::testing

int main(int argc, char** argv) {
  std::string wanted;
  for (int i = 1; i < argc; ++i) wanted += std::string(i == 1 ? "" : " ") + argv[i];
  return sparsetune::testing::Run(wanted);
}
