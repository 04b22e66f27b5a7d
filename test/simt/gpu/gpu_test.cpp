// The tests of test/simt that compare kernels with the CPU, on a real GPU; also under
// compute-sanitizer. Without a GPU it says why and passes nothing. With --roofline it then measures
// how near attention comes to the memory of the GPU.
#include <cstdio>
#include <cstring>

#include "cuda/probe.h"
#include "native/kernels/testing.h"
#include "simt/gpu/roofline.h"
#include "simt/simt_tests.h"

int main(int argc, char** argv) {
  const sparsetune::cuda::Probed probed = sparsetune::cuda::Probe();
  if (!probed.is_available) {
    std::printf("no GPU to test on: %s\n", probed.reason.c_str());
    return 0;
  }
  std::printf("%s\n", probed.device.c_str());
  simt::TestAttend();
  simt::TestScores();
  simt::TestSelection();
  simt::TestTopP();
  simt::TestSets();
  simt::TestLearned();
  simt::TestLsh();
  simt::TestLshWeights();
  simt::TestChains();
  simt::TestDecode();
  if (argc > 1 && std::strcmp(argv[1], "--roofline") == 0) simt::PrintRoofline();
  return sparsetune::testing::Finish();
}
