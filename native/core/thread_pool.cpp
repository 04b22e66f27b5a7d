#include "core/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <new>
#include <system_error>
#include <thread>

#include "core/intrinsics.h"
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace sparsetune {
namespace {

/// Long enough for the next call of a decode step, short enough not to take a core from others.
constexpr std::chrono::microseconds kSpin{8};
constexpr int kPausesPerLook = 16;
/// Standing still that is nobody's fault: a worker begins late, or an interrupt stops it.
constexpr std::chrono::microseconds kPatience{100};

void Pause() {
#if SPARSETUNE_X86_KERNELS
  _mm_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  asm volatile("isb" ::: "memory");
#else
  std::this_thread::yield();
#endif
}

/// Spins until `is_met` or until it has taken too long; returns whether it is met.
template <typename Condition>
bool SpinUntil(const Condition& is_met) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (is_met()) return true;
      Pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return is_met();
}

/// What this thread has computed; where that is not known, as if it had always computed.
std::chrono::nanoseconds CpuTime() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
#else
  return std::chrono::steady_clock::now().time_since_epoch();
#endif
}

std::atomic<ThreadPool*>& SharedPool() {
  // Never deleted: workers may still look at it while the process ends.
  static std::atomic<ThreadPool*> shared{new ThreadPool()};
  return shared;
}

/// Threads do not survive fork(); the parent's pool may be in the middle of a call.
bool RenewAfterFork() {
#if defined(__unix__) || defined(__APPLE__)
  return pthread_atfork(nullptr, nullptr, [] { SharedPool().store(new ThreadPool()); }) == 0;
#else
  return true;
#endif
}

}  // namespace

ThreadPool& ThreadPool::Shared() {
  [[maybe_unused]] static const bool is_registered = RenewAfterFork();
  return *SharedPool().load(std::memory_order_acquire);
}

uint64_t ThreadPool::WordOf(size_t n_slots, size_t n_left) {
  return static_cast<uint64_t>(n_slots) << 32 | n_left;
}

bool ThreadPool::HasChunk(uint64_t word, size_t slot) {
  return static_cast<uint32_t>(word) != 0 && slot < word >> 32;
}

void ThreadPool::RunAlone(const Job& job) {
  for (size_t chunk = 0; chunk < job.n_chunks; ++chunk) job.call(job.context, chunk, 0);
}

void ThreadPool::Run(const Job& job, size_t n_threads) {
  const size_t n_wanted = std::min({n_threads, job.n_chunks, kMaxThreads});
  if (n_wanted <= 1 || is_taken_.exchange(true, std::memory_order_acquire)) return RunAlone(job);
  if (n_alone_ > 0) {
    --n_alone_;
    RunAlone(job);
  } else {
    RunTogether(job, n_wanted);
  }
  is_taken_.store(false, std::memory_order_release);
}

void ThreadPool::RunTogether(const Job& job, size_t n_threads) {
  const auto start = std::chrono::steady_clock::now();
  const auto start_cpu = CpuTime();
  const size_t n_slots = 1 + StartWorkers(n_threads - 1);
  job_ = job;
  n_done_.store(0, std::memory_order_relaxed);
  // Sequentially consistent, as is a worker's look after it said that it sleeps: either it sees the
  // word or we see that it sleeps.
  word_.store(WordOf(n_slots, job.n_chunks));
  WakeBelow(0, n_slots);
  size_t n_own = 0;
  while (RunChunk(0)) ++n_own;
  WaitForOthers(job.n_chunks);
  Judge(std::chrono::steady_clock::now() - start, CpuTime() - start_cpu, n_own);
}

void ThreadPool::Judge(std::chrono::nanoseconds wall, std::chrono::nanoseconds cpu, size_t n_own) {
  if (n_own == 0) return;  // how long a chunk takes is not known
  // A worker may have begun the last chunk just before, and be slower.
  if (wall - cpu < kPatience + 2 * cpu / n_own) {
    hold_ = std::max(hold_ / 2, kShortestHold);
    return;
  }
  n_alone_ = hold_;
  hold_ = std::min(2 * hold_, kLongestHold);
}

size_t ThreadPool::StartWorkers(size_t n_wanted) {
  while (n_workers_ < n_wanted) {
    const size_t slot = n_workers_ + 1;
    try {
      if (workers_[slot] == nullptr) workers_[slot] = std::make_unique<Worker>();
      std::thread([this, slot] { Work(slot); }).detach();
    } catch (const std::system_error&) {
      break;  // no more threads for this process: those there are do the work
    } catch (const std::bad_alloc&) {
      break;
    }
    ++n_workers_;
  }
  return std::min(n_workers_, n_wanted);
}

void ThreadPool::Work(size_t slot) {
  for (;;) {
    WaitForWork(slot);
    WakeBelow(slot, static_cast<size_t>(word_.load() >> 32));
    while (RunChunk(slot)) {
    }
  }
}

void ThreadPool::WaitForWork(size_t slot) {
  const auto has_chunk = [&] { return HasChunk(word_.load(), slot); };
  if (SpinUntil(has_chunk)) return;
  Worker& worker = *workers_[slot];
  std::unique_lock<std::mutex> lock(worker.mutex);
  worker.is_asleep.store(true);
  worker.wake.wait(lock, has_chunk);
  worker.is_asleep.store(false);
}

bool ThreadPool::RunChunk(size_t slot) {
  uint64_t word = word_.load();
  do {
    if (!HasChunk(word, slot)) return false;
  } while (!word_.compare_exchange_weak(word, word - 1));
  const Job job = job_;
  job.call(job.context, job.n_chunks - static_cast<uint32_t>(word), slot);
  // From here on the caller may return and job_ may change.
  if (n_done_.fetch_add(1) + 1 == job.n_chunks && is_caller_asleep_.load()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    done_.notify_one();
  }
  return true;
}

/// Slots wake each other as a binary tree, so that no thread spends long on waking.
void ThreadPool::WakeBelow(size_t slot, size_t n_slots) {
  for (size_t below = 2 * slot + 1; below <= 2 * slot + 2 && below < n_slots; ++below) {
    Worker& worker = *workers_[below];
    if (!worker.is_asleep.load()) continue;
    // Under the lock: else a worker between its look and its sleep would miss the call.
    const std::lock_guard<std::mutex> lock(worker.mutex);
    worker.wake.notify_one();
  }
}

void ThreadPool::WaitForOthers(size_t n_chunks) {
  const auto are_done = [&] { return n_done_.load() == n_chunks; };
  if (SpinUntil(are_done)) return;
  std::unique_lock<std::mutex> lock(mutex_);
  is_caller_asleep_.store(true);
  done_.wait(lock, are_done);
  is_caller_asleep_.store(false);
}

}  // namespace sparsetune
