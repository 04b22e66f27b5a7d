#include "scheduler.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "collectives.h"
#include "cuda_host.h"
#include "memory.h"
#include "reports.h"
#include "traffic.h"

namespace simt {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr size_t kPage = 4096;
constexpr size_t kMaxThreads = 1024;

Options options;
Block block;
thread_local Thread* current = nullptr;  ///< of this host thread
Context scheduler;
const Launch* launched = nullptr;
uint32_t n_launches = 0;

/// Stacks of the threads, each above a page that nobody may touch.
char* Stacks() {
  static char* stacks = nullptr;
  if (stacks != nullptr) return stacks;
  void* memory = mmap(nullptr, kMaxThreads * kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  stacks = static_cast<char*>(memory);
  for (size_t i = 0; i < kMaxThreads; ++i) mprotect(stacks + i * kStackBytes, kPage, PROT_NONE);
  return stacks;
}

void RunThread() {
  launched->body(launched->arguments);
  ExitThread();
}

void StartThread(uint32_t id) {
  Thread& thread = block.threads[id];
  const dim3& shape = block.threads_shape;
  thread.id = id;
  thread.lane = id % kWarpLanes;
  thread.warp = id / kWarpLanes;
  thread.index = dim3(id % shape.x, id / shape.x % shape.y, id / shape.x / shape.y);
  thread.clocks[thread.lane] = 1;
  char* stack = Stacks() + id * kStackBytes;
  // Not all tops at the same distance: they would share few sets of the cache.
  const size_t n = kStackBytes - id % 61 * 192;
  thread.stack_begin = stack;
  thread.stack_end = stack + kStackBytes;
  thread.context = MakeContext(stack, n, RunThread);
}

void StartBlock(uint32_t id) {
  const dim3& grid = block.grid_shape;
  block.id = id;
  block.index = dim3(id % grid.x, id / grid.x % grid.y, id / grid.x / grid.y);
  const size_t n = block.threads.size();
  std::fill(block.threads.begin(), block.threads.end(), Thread());
  for (uint32_t i = 0; i < n; ++i) StartThread(i);
  BeginBlockMemory(launched->dynamic_bytes);
}

/// xorshift64*
uint64_t NextRandom(uint64_t* state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545f4914f6cdd1du;
}

class Turns {
 public:
  explicit Turns(size_t n) : state_(options.seed * 0x9e3779b97f4a7c15u + 1), order_(n) {
    std::iota(order_.begin(), order_.end(), 0u);
    if (options.order == Order::kReverse) std::reverse(order_.begin(), order_.end());
  }

  /// The order of the next round.
  const std::vector<uint32_t>& Next() {
    if (options.order == Order::kRandom) {
      for (size_t i = order_.size(); i > 1; --i) {
        std::swap(order_[i - 1], order_[NextRandom(&state_) % i]);
      }
    }
    return order_;
  }

 private:
  uint64_t state_;
  std::vector<uint32_t> order_;
};

/// Gives a turn to every thread that is ready; whether there was one.
bool RunRound(const std::vector<uint32_t>& order) {
  bool has_run = false;
  for (const uint32_t id : order) {
    Thread& thread = block.threads[id];
    if (thread.state != ThreadState::kReady) continue;
    has_run = true;
    thread.steps = 0;
    current = &thread;
    SwitchContext(&scheduler, thread.context);
    current = nullptr;
  }
  return has_run;
}

/// Whether all threads came to their end.
bool RunBlock(Turns* turns) {
  while (true) {
    if (RunRound(turns->Next())) continue;
    const bool is_over =
        std::all_of(block.threads.begin(), block.threads.end(),
                    [](const Thread& thread) { return thread.state == ThreadState::kExited; });
    if (is_over) return true;
    if (PassBarrier()) continue;
    ReportDeadlock();
    return false;
  }
}

bool IsShapeAllowed(const Launch& launch) {
  const auto [gx, gy, gz] = launch.grid;
  const auto [bx, by, bz] = launch.block;
  const size_t n_threads = size_t{bx} * by * bz;
  return n_threads >= 1 && n_threads <= kMaxThreads && bz <= 64 && gx >= 1 && gy >= 1 && gz >= 1 &&
         gx <= 0x7fffffffu && gy <= 65535 && gz <= 65535;
}

bool CheckLimits(const Launch& launch) {
  if (!IsShapeAllowed(launch)) {
    AddReport(Fault::kLimit, "a grid or block of this shape", nullptr);
    return false;
  }
  if (launch.dynamic_bytes > DynamicLimitOf(launch.kernel)) {
    AddReport(Fault::kLimit,
              std::to_string(launch.dynamic_bytes) +
                  " bytes of dynamic shared memory are more than was asked for",
              nullptr);
    return false;
  }
  return true;
}

}  // namespace

Options& GetOptions() { return options; }
Block& CurrentBlock() { return block; }
Thread* CurrentThread() { return current; }
uint32_t CurrentLaunch() { return n_launches; }
const char* CurrentKernel() { return launched == nullptr ? "host code" : launched->name; }

bool IsArgument(const char* at) {
  const char* first = static_cast<const char*>(launched->arguments);
  return at >= first && at < first + launched->argument_bytes;
}

uint32_t Block::WarpSize(uint32_t warp) const {
  const auto n = static_cast<uint32_t>(threads.size());
  return std::min(kWarpLanes, n - warp * kWarpLanes);
}

std::string NameOf(const Thread& thread) {
  const auto text = [](const dim3& at) {
    return "(" + std::to_string(at.x) + "," + std::to_string(at.y) + "," + std::to_string(at.z) +
           ")";
  };
  return "block " + text(block.index) + " thread " + text(thread.index);
}

void Wait() { SwitchContext(&current->context, scheduler); }

void ExitThread() {
  current->state = ThreadState::kExited;
  LeaveWarp();
  Wait();
  std::abort();
}

bool Run(const Launch& launch) {
  launched = &launch;
  ++n_launches;
  const bool is_allowed = CheckLimits(launch);
  if (is_allowed) {
    block.threads_shape = launch.block;
    block.grid_shape = launch.grid;
    block.threads.resize(size_t{launch.block.x} * launch.block.y * launch.block.z);
    const uint32_t n_blocks = launch.grid.x * launch.grid.y * launch.grid.z;
    Turns turns(block.threads.size());
    for (uint32_t i = 0; i < n_blocks; ++i) {
      StartBlock(options.order == Order::kReverse ? n_blocks - 1 - i : i);
      const bool is_over = RunBlock(&turns);
      if (options.measures) CountBlock();
      if (!is_over) break;
    }
    EndBlockMemory();
  }
  launched = nullptr;
  return is_allowed;
}

}  // namespace simt
