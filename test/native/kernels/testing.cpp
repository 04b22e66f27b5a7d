#include "testing.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace sparsetune::testing {
namespace {

struct Tally {
  int passed = 0;
  int failed = 0;
  const char* title = "no test";
  bool holds = true;
};

Tally tally;

/// An illegal instruction or a read beyond a fence: names the test that met it.
void Die(int signal) {
  std::fprintf(stderr, "signal %d in: %s\n", signal, tally.title);
  std::_Exit(1);
}

}  // namespace

void Test(const std::string& title, const std::function<void()>& body) {
  for (const int signal : {SIGSEGV, SIGILL, SIGFPE, SIGABRT}) std::signal(signal, Die);
  tally.title = title.c_str();
  tally.holds = true;
  body();
  ++(tally.holds ? tally.passed : tally.failed);
  tally.title = "no test";
}

void Expect(bool holds, const std::string& detail) {
  if (holds) return;
  if (tally.holds) std::fprintf(stderr, "failed: %s\n", tally.title);
  std::fprintf(stderr, "  %s\n", detail.c_str());
  tally.holds = false;
}

int Finish() {
  std::printf("%d passed, %d failed\n", tally.passed, tally.failed);
  return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}

}  // namespace sparsetune::testing
