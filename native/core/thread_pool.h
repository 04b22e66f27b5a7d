#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace sparsetune {

/// Fork-join over persistent threads. Workers start when a call first needs them and live as long
/// as the process; between calls they spin for a few microseconds, then sleep.
///
/// Chunks are claimed one by one, by the caller too: it waits only for chunks that a worker has
/// really begun, never for a worker that the scheduler keeps from running. Where other work takes
/// the cores, a worker can be stopped within its chunk, or take the core of its caller: a call
/// whose caller stood still for longer than two chunks take is followed by 4 to 128 that run alone.
///
/// Exit: the shared pool is never destroyed and its threads are never joined, so ending the process
/// cannot hang. The code of the pool must stay mapped until then: a module that can be unloaded
/// pins itself first. In a child of fork() the shared pool is a new one without workers.
class ThreadPool {
 public:
  /// Threads of one call at most, the caller included.
  static constexpr size_t kMaxThreads = 1024;

  ThreadPool() = default;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// The pool of this process.
  static ThreadPool& Shared();

  /// Calls fn(chunk, slot) once for each chunk of [0, n_chunks), and returns when all have
  /// returned; what they wrote is then visible to the caller.
  ///
  /// @param n_chunks   less than 2^32; chunks are begun in ascending order
  /// @param n_threads  how many threads may work, the caller included; at least 1. Fewer do where
  ///                   the system refuses to start more, or there are fewer chunks
  /// @param fn         must not throw. `slot`, below n_threads, belongs to one thread of the call:
  ///                   a place for its working memory
  ///
  /// Safe from any thread. While one call is under way, a second one (of another thread, or from
  /// within a chunk) does not wait: its caller runs all its chunks alone, in slot 0.
  ///
  /// Cost: about 1 microsecond while workers spin, 5 to 20 where sleeping ones must be woken; none
  /// for n_threads of 1. No allocation but for workers that start.
  template <typename Fn>
  void ForEach(size_t n_chunks, size_t n_threads, const Fn& fn) {
    const auto call = [](const void* context, size_t chunk, size_t slot) {
      (*static_cast<const Fn*>(context))(chunk, slot);
    };
    Run({call, &fn, n_chunks}, n_threads);
  }

 private:
  static constexpr size_t kShortestHold = 4;
  static constexpr size_t kLongestHold = 128;

  struct Job {
    void (*call)(const void* context, size_t chunk, size_t slot) = nullptr;
    const void* context = nullptr;
    size_t n_chunks = 0;
  };
  struct Worker {
    std::mutex mutex;
    std::condition_variable wake;
    std::atomic<bool> is_asleep{false};
  };

  // A word says how many slots work and how many chunks are unclaimed. Claiming a chunk is one
  // compare-and-swap on it, so a worker that comes late claims from the job under way or not at
  // all, and reads job_ only after that.
  static uint64_t WordOf(size_t n_slots, size_t n_left);
  static bool HasChunk(uint64_t word, size_t slot);

  void Run(const Job& job, size_t n_threads);
  static void RunAlone(const Job& job);
  void RunTogether(const Job& job, size_t n_threads);
  size_t StartWorkers(size_t n_wanted);
  void Work(size_t slot);
  void WaitForWork(size_t slot);
  bool RunChunk(size_t slot);
  void WakeBelow(size_t slot, size_t n_slots);
  void WaitForOthers(size_t n_chunks);
  void Judge(std::chrono::nanoseconds wall, std::chrono::nanoseconds cpu, size_t n_own);

  std::atomic<bool> is_taken_{false};
  // Up to word_: only the caller that took the pool writes it.
  size_t n_workers_ = 0;
  size_t n_alone_ = 0;  ///< calls still to run alone
  size_t hold_ = kShortestHold;
  Job job_;
  std::array<std::unique_ptr<Worker>, kMaxThreads> workers_;  ///< by slot; slot 0 is the caller's
  alignas(64) std::atomic<uint64_t> word_{0};
  alignas(64) std::atomic<size_t> n_done_{0};
  std::atomic<bool> is_caller_asleep_{false};
  std::mutex mutex_;
  std::condition_variable done_;
};

}  // namespace sparsetune
