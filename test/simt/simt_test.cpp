// Runs the CUDA kernels on the CPU, each thread a fiber and every access checked, beside the
// kernels of native/kernels. Prints `N passed, N failed`.
#include "native/kernels/testing.h"
#include "simt/simt_tests.h"

int main() {
  simt::TestEmulator();
  return sparsetune::testing::Finish();
}
