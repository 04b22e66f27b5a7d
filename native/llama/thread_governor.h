#pragma once

#include <atomic>
#include <cstdint>

namespace sparsetune::llama {

/// Decides how many of the pool's threads a decode uses. ggml's threads wait for each other by
/// spinning after every graph node; where other work takes the cores, one descheduled thread stops
/// all, and two threads can be tens of times slower than one. The governor compares the CPU time a
/// batch got with the time it took: where threads were kept waiting it halves them, and tries all
/// of them again after a while. The number of threads is no part of any
/// result that is kept, beyond rounding.
class ThreadGovernor {
 public:
  /// @param n_threads  of the pool; at least 1
  explicit ThreadGovernor(int32_t n_threads) : n_pool_(n_threads), n_threads_(n_threads) {}

  /// Threads to use for the next batch.
  int32_t n_threads() const { return n_threads_; }
  /// Batches so far in which threads were kept waiting. Safe from any thread.
  int64_t n_starved() const { return n_starved_; }

  /// Call before and after a batch.
  void Begin();
  void End();

  /// Judges a batch of `wall_seconds` in which the process got `cpu_seconds`.
  void Judge(double wall_seconds, double cpu_seconds);

 private:
  int32_t n_pool_;
  int32_t n_threads_;
  std::atomic<int64_t> n_starved_{0};
  int32_t n_in_a_row_ = 0;
  int32_t hold_ = kFirstHold;
  int32_t n_held_ = 0;
  double start_wall_ = 0;
  double start_cpu_ = 0;

  static constexpr int32_t kFirstHold = 8;
  static constexpr int32_t kLongestHold = 128;
};

}  // namespace sparsetune::llama
