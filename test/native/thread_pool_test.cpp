// Tests of the thread pool that need no JavaScript, meant to run under ThreadSanitizer.
// With the argument `time` it prints what an empty fork-join costs instead.
#include "core/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "native/check.h"
#if defined(__unix__) || defined(__APPLE__)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

using sparsetune::ThreadPool;
using Clock = std::chrono::steady_clock;

/// Written without atomics: the sanitizer reports a call that returns before its chunks are done,
/// and two threads in one slot.
struct Tally {
  explicit Tally(size_t n_chunks, size_t n_threads) : runs(n_chunks), of_slot(n_threads) {}
  std::vector<int> runs;
  std::vector<size_t> of_slot;
};

void RunAndCheck(ThreadPool* pool, size_t n_chunks, size_t n_threads) {
  Tally tally(n_chunks, n_threads);
  pool->ForEach(n_chunks, n_threads, [&](size_t chunk, size_t slot) {
    SPARSETUNE_CHECK(slot < n_threads);
    ++tally.runs[chunk];
    ++tally.of_slot[slot];
  });
  size_t n_run = 0;
  for (const size_t n : tally.of_slot) n_run += n;
  SPARSETUNE_CHECK(n_run == n_chunks);
  for (const int runs : tally.runs) SPARSETUNE_CHECK(runs == 1);
}

void TestEachChunkRunsOnce(ThreadPool* pool) {
  for (int round = 0; round < 300; ++round) {
    for (const size_t n_chunks : {0, 1, 2, 3, 7, 64}) {
      for (const size_t n_threads : {1, 2, 3, 8}) RunAndCheck(pool, n_chunks, n_threads);
    }
    // Let the workers fall asleep now and then, so that waking is tested too.
    if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void TestCallsFromManyThreads(ThreadPool* pool) {
  std::vector<std::thread> callers;
  for (size_t i = 0; i < 4; ++i) {
    callers.emplace_back([pool, i] {
      for (int round = 0; round < 500; ++round) RunAndCheck(pool, 1 + i * 5, 2 + i);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

void TestCallInsideAChunk(ThreadPool* pool) {
  std::vector<size_t> inner(12);
  pool->ForEach(4, 3, [&](size_t chunk, size_t) {
    pool->ForEach(3, 3, [&](size_t part, size_t slot) {
      SPARSETUNE_CHECK(slot == 0);
      ++inner[chunk * 3 + part];
    });
  });
  SPARSETUNE_CHECK(std::count(inner.begin(), inner.end(), 1) == 12);
}

/// A chunk that sleeps: the caller takes all the others meanwhile and returns soon after it ends.
void TestSlowChunkHoldsUpOnlyItself(ThreadPool* pool) {
  std::vector<std::thread::id> ran(50);
  pool->ForEach(50, 2, [&](size_t chunk, size_t) {
    ran[chunk] = std::this_thread::get_id();
    if (chunk == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  SPARSETUNE_CHECK(std::count(ran.begin(), ran.end(), ran[0]) == 1);
}

void TestMoreThreadsThanAPoolHas(ThreadPool* pool) {
  RunAndCheck(pool, 2000, ThreadPool::kMaxThreads + 5);
}

#if defined(__unix__) || defined(__APPLE__)
void TestChildOfFork() {
  RunAndCheck(&ThreadPool::Shared(), 64, 4);
  const pid_t child = fork();
  if (child == 0) {
    RunAndCheck(&ThreadPool::Shared(), 64, 1);
    RunAndCheck(&ThreadPool::Shared(), 64, 3);
    std::exit(0);
  }
  int status = 0;
  SPARSETUNE_CHECK(waitpid(child, &status, 0) == child);
  SPARSETUNE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

void PrintCost(size_t n_threads, std::chrono::microseconds gap) {
  ThreadPool& pool = ThreadPool::Shared();
  std::vector<double> took;
  for (int i = 0; i < 3000; ++i) {
    const auto until = Clock::now() + gap;
    while (Clock::now() < until) {
    }
    const auto start = Clock::now();
    pool.ForEach(n_threads, n_threads, [](size_t, size_t) {});
    took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(took.begin(), took.end());
  std::printf("threads %zu, %lld us between calls: %.2f us median, %.2f us best tenth\n", n_threads,
              static_cast<long long>(gap.count()), took[took.size() / 2], took[took.size() / 10]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "time") == 0) {
    for (const int gap : {0, 200}) PrintCost(2, std::chrono::microseconds(gap));
    return 0;
  }
  // Never destroyed, as its threads are not.
  auto* pool = new ThreadPool();
  TestEachChunkRunsOnce(pool);
  TestCallsFromManyThreads(pool);
  TestCallInsideAChunk(pool);
  TestSlowChunkHoldsUpOnlyItself(pool);
#if defined(__unix__) || defined(__APPLE__)
  TestChildOfFork();
#endif
  TestMoreThreadsThanAPoolHas(pool);
  std::puts("thread pool: all tests passed");
  return 0;
}
