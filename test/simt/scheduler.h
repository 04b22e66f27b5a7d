#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "context.h"
#include "cuda_types.h"

namespace simt {

/// In which order blocks, and the threads of a block, get their turns.
enum class Order { kForward, kReverse, kRandom };

/// A number that a program which loads the emulator may set beforehand.
inline size_t FromEnvironment(const char* name, size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Options {
  Order order = Order::kForward;
  uint64_t seed = 1;
  /// Static and dynamic shared memory of a block: what every GPU from sm_80 on has.
  size_t shared_bytes = 99 * 1024;
  /// Memory that cudaMalloc gives out.
  size_t device_bytes = FromEnvironment("SPARSETUNE_SIMT_BYTES", size_t{1} << 31);
  /// Kernels may use memory that is in no buffer: it is taken for that of another user of the
  /// device in this process.
  bool has_foreign = FromEnvironment("SPARSETUNE_SIMT_FOREIGN", 0) != 0;
  bool measures = false;  ///< counts the traffic of memory, see traffic.h
};
Options& GetOptions();

enum class ThreadState : uint8_t { kReady, kAtBarrier, kAtWarpOperation, kExited };

enum class WarpOperation : uint8_t {
  kSync,
  kShuffle,
  kBallot,
  kAny,
  kAll,
  kAdd,
  kMin,
  kMax,
  kAnd,
  kOr,
  kXor,
  kMatchAny,
};

enum class BarrierKind : uint8_t { kPlain, kCount, kAnd, kOr };

inline constexpr uint32_t kWarpLanes = 32;

/// A CUDA thread: a fiber, and what it waits for.
struct Thread {
  Context context;
  const char* stack_begin = nullptr;
  const char* stack_end = nullptr;
  dim3 index;
  uint32_t id = 0;  ///< in the block
  uint32_t lane = 0;
  uint32_t warp = 0;
  ThreadState state = ThreadState::kReady;
  uint32_t barriers = 0;             ///< passed
  uint16_t clocks[kWarpLanes] = {};  ///< what it knows of its warp's lanes, see shadow.h
  uint64_t steps = 0;                ///< accesses since its last turn began

  // While it waits:
  WarpOperation operation = WarpOperation::kSync;
  BarrierKind barrier = BarrierKind::kPlain;
  uint32_t mask = 0;
  uint32_t source = 0;  ///< lane to read
  uint64_t value = 0;   ///< given, then the result
  const void* pc = nullptr;
};

/// The block that runs: blocks run one after another.
struct Block {
  std::vector<Thread> threads;
  dim3 index;
  dim3 threads_shape;
  dim3 grid_shape;
  uint32_t id = 0;

  /// Threads of the warp, fewer than 32 in the last one.
  uint32_t WarpSize(uint32_t warp) const;
};
Block& CurrentBlock();
/// Null outside of kernels.
Thread* CurrentThread();
/// Number of the launch, from 1 on.
uint32_t CurrentLaunch();
const char* CurrentKernel();
/// Whether it is a parameter of the kernel that runs.
bool IsArgument(const char* at);
/// "block (1,0,0) thread (3,0,0)"
std::string NameOf(const Thread& thread);

/// Lets others run until this thread is ready again.
void Wait();
/// Ends the thread at hand.
[[noreturn]] void ExitThread();

/// A kernel with its arguments bound.
struct Launch {
  const char* name = nullptr;
  const void* kernel = nullptr;
  dim3 grid;
  dim3 block;
  size_t dynamic_bytes = 0;
  void (*body)(const void*) = nullptr;
  const void* arguments = nullptr;
  size_t argument_bytes = 0;
};

/// Runs all blocks to their end, or until a block has a fault that it cannot go on from.
/// @return false where a GPU would refuse the launch
bool Run(const Launch& launch);

}  // namespace simt
