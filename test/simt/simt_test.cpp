// Runs the CUDA kernels on the CPU, each thread a fiber and every access checked, beside the
// kernels of native/kernels. Arguments: words; only families whose name has one of them run.
// Prints `N passed, N failed`.
#include <string>

#include "native/kernels/testing.h"
#include "simt/simt_tests.h"

namespace {

struct Family {
  const char* name;
  void (*test)();
};

constexpr Family kFamilies[] = {
    {"emulator", simt::TestEmulator},
    {"attend", simt::TestAttend},
    {"scores", simt::TestScores},
    {"selection", simt::TestSelection},
    {"top_p", simt::TestTopP},
    {"sets", simt::TestSets},
    {"learned", simt::TestLearned},
    {"lsh", simt::TestLsh},
    {"lsh weights", simt::TestLshWeights},
    {"chains", simt::TestChains},
    {"decode", simt::TestDecode},
    {"failures", simt::TestDeviceFailures},
    {"traffic", simt::TestTraffic},
};

bool IsWanted(const std::string& name, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (name.find(argv[i]) != std::string::npos) return true;
  }
  return argc == 1;
}

}  // namespace

int main(int argc, char** argv) {
  for (const Family& family : kFamilies) {
    if (IsWanted(family.name, argc, argv)) family.test();
  }
  return sparsetune::testing::Finish();
}
