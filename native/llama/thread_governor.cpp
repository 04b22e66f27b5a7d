#include "llama/thread_governor.h"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace sparsetune::llama {
namespace {

// Shorter batches are too noisy to judge.
constexpr double kShortestSeconds = 0.02;
// A busy thread that got less than this share of the time was kept waiting.
constexpr double kFairShare = 0.75;
constexpr int32_t kStrikes = 2;

double WallSeconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

void ThreadGovernor::Begin() {
  start_wall_ = WallSeconds();
  start_cpu_ = CpuSeconds();
}

void ThreadGovernor::End() {
#ifndef _WIN32  // where std::clock() counts wall time
  Judge(WallSeconds() - start_wall_, CpuSeconds() - start_cpu_);
#endif
}

void ThreadGovernor::Judge(double wall_seconds, double cpu_seconds) {
  if (wall_seconds < kShortestSeconds) return;
  if (n_threads_ < n_pool_ && ++n_held_ >= hold_) {
    n_threads_ = n_pool_;
    n_held_ = 0;
    n_in_a_row_ = kStrikes - 1;  // one bad batch is enough to go back
    return;
  }
  const bool is_starved = cpu_seconds < kFairShare * n_threads_ * wall_seconds;
  if (!is_starved) {
    n_in_a_row_ = 0;
    if (n_threads_ == n_pool_) hold_ = kFirstHold;
    return;
  }
  ++n_starved_;
  if (++n_in_a_row_ < kStrikes || n_threads_ == 1) return;
  n_threads_ = std::max(1, n_threads_ / 2);
  n_in_a_row_ = 0;
  n_held_ = 0;
  hold_ = std::min(kLongestHold, hold_ * 2);
}

}  // namespace sparsetune::llama
