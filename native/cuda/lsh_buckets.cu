#include "cuda/block_scan.cuh"
#include "cuda/check.cuh"
#include "cuda/lsh.h"
#include "kernels/lsh/buckets.h"

namespace sparsetune::cuda {
namespace {

constexpr unsigned kThreads = 512;
constexpr unsigned kRunKeys = kLshRunKeys;
constexpr unsigned kRunWords = kRunKeys / 32;

struct SortArgs {
  LshParams params;
  LshKeyTable table;
  unsigned n;
  LshRuns runs;
};

/// Where the buckets of a table of a run are.
struct TableOfRun {
  uint32_t* starts;
  uint16_t* keys;
  unsigned n_keys;

  __device__ TableOfRun(const LshParams& params, const LshRuns& runs, unsigned head, unsigned run,
                        unsigned table, unsigned n) {
    const size_t at = (head * runs.n_runs + run) * params.lsh_l + table;
    starts = runs.starts + at * ((size_t{1} << params.lsh_k) + 1);
    keys = runs.keys + at * runs.stride;
    n_keys = min(kRunKeys, n - run * kRunKeys);
  }
};

template <typename T>
__device__ __forceinline__ uint32_t CodeOf(const SortArgs& args, unsigned table, unsigned key) {
  const size_t block = blockIdx.z * args.table.stride + key / 64;
  return reinterpret_cast<const T*>(
      args.table.codes)[(block * args.params.lsh_l + table) * 64 + key % 64];
}

/// Block (table, run, head): counts, sums, places.
template <typename T>
__global__ void __launch_bounds__(kThreads) SortKernel(SortArgs args) {
  SPARSETUNE_SHARED(uint32_t, room, kThreads / 32);
  const unsigned table = blockIdx.x;
  const TableOfRun run(args.params, args.runs, blockIdx.z, blockIdx.y, table, args.n);
  const unsigned n_codes = 1u << args.params.lsh_k;
  for (unsigned code = threadIdx.x; code <= n_codes; code += kThreads) run.starts[code] = 0;
  __syncthreads();
  const unsigned first_key = blockIdx.y * kRunKeys;
  for (unsigned key = threadIdx.x; key < run.n_keys; key += kThreads) {
    atomicAdd(&run.starts[CodeOf<T>(args, table, first_key + key)], 1u);
  }
  __syncthreads();
  uint32_t before = 0;
  for (unsigned first = 0; first < n_codes; first += kThreads) {
    const unsigned code = first + threadIdx.x;
    const uint32_t n = code < n_codes ? run.starts[code] : 0;
    const Scanned scanned = ScanBlock<kThreads>(n, room);
    // The end of the bucket, from which the keys count down to its start.
    if (code < n_codes) run.starts[code] = before + scanned.before + n;
    before += scanned.total;
  }
  if (threadIdx.x == 0) run.starts[n_codes] = run.n_keys;
  __syncthreads();
  for (unsigned key = threadIdx.x; key < run.n_keys; key += kThreads) {
    uint32_t* start = &run.starts[CodeOf<T>(args, table, first_key + key)];
    run.keys[atomicAdd(start, ~0u) - 1] = static_cast<uint16_t>(key);
  }
}

struct LookUpArgs {
  LshQueries queries;
  LshRuns runs;
  unsigned n;
  KeySets found;
};

/// Block (run, query head): a warp takes the tables in turn.
__global__ void __launch_bounds__(kThreads) LookUpKernel(LookUpArgs args) {
  SPARSETUNE_SHARED(uint32_t, once, kRunWords);
  SPARSETUNE_SHARED(uint32_t, again, kRunWords);
  const unsigned run_of = blockIdx.x;
  const unsigned query = blockIdx.y;
  const auto head = static_cast<unsigned>(query / args.queries.group_size);
  const unsigned lsh_l = args.queries.params.lsh_l;
  const unsigned n_keys = min(kRunKeys, args.n - run_of * kRunKeys);
  for (unsigned i = threadIdx.x; i < n_keys / 32; i += kThreads) {
    once[i] = 0;
    again[i] = 0;
  }
  __syncthreads();
  for (unsigned table = threadIdx.x / 32; table < lsh_l; table += kThreads / 32) {
    const TableOfRun run(args.queries.params, args.runs, head, run_of, table, args.n);
    const uint32_t code =
        LoadInput(args.queries.codes + static_cast<size_t>(query) * lsh_l + table);
    const uint32_t end = LoadInput(run.starts + code + 1);
    for (uint32_t i = LoadInput(run.starts + code) + threadIdx.x % 32; i < end; i += 32) {
      const uint32_t key = LoadInput(run.keys + i);
      const uint32_t bit = 1u << key % 32;
      const uint32_t before = atomicOr(&once[key / 32], bit);
      if ((before & bit) != 0) atomicOr(&again[key / 32], bit);
    }
  }
  __syncthreads();
  uint32_t* found = args.found.words + query * args.found.stride + run_of * kRunWords;
  for (unsigned i = threadIdx.x; i < n_keys / 32; i += kThreads) {
    found[i] = args.queries.min_matches == 1 ? once[i] : again[i];
  }
}

struct BytesArgs {
  LshQueries queries;
  LshRuns runs;
  unsigned n;
  unsigned n_runs;
  uint32_t* bytes;
};

/// Whether no query before `g` of the group has its code in a table.
__device__ __forceinline__ bool IsFirstOfItsCode(const uint16_t* codes, unsigned g, unsigned table,
                                                 unsigned lsh_l) {
  const uint16_t code = LoadInput(codes + g * lsh_l + table);
  for (unsigned other = 0; other < g; ++other) {
    if (LoadInput(codes + other * lsh_l + table) == code) return false;
  }
  return true;
}

/// Block: one KV head. A thread takes tables of runs.
__global__ void __launch_bounds__(kThreads) BytesKernel(BytesArgs args) {
  SPARSETUNE_SHARED(uint32_t, sum, 1);
  if (threadIdx.x == 0) sum[0] = 0;
  __syncthreads();
  const unsigned lsh_l = args.queries.params.lsh_l;
  const auto group_size = static_cast<unsigned>(args.queries.group_size);
  const uint16_t* codes = args.queries.codes + static_cast<size_t>(blockIdx.x) * group_size * lsh_l;
  uint32_t bytes = 0;
  for (unsigned i = threadIdx.x; i < args.n_runs * lsh_l; i += kThreads) {
    const unsigned table = i % lsh_l;
    const TableOfRun run(args.queries.params, args.runs, blockIdx.x, i / lsh_l, table, args.n);
    for (unsigned g = 0; g < group_size; ++g) {
      if (!IsFirstOfItsCode(codes, g, table, lsh_l)) continue;
      const uint32_t* start = run.starts + LoadInput(codes + g * lsh_l + table);
      const uint32_t n_keys = LoadInput(start + 1) - LoadInput(start);
      bytes += static_cast<uint32_t>(2 * sizeof(uint32_t)) + n_keys * sizeof(uint16_t);
    }
  }
  bytes = __reduce_add_sync(kAllLanes, bytes);
  if (threadIdx.x % 32 == 0) atomicAdd(sum, bytes);
  __syncthreads();
  if (threadIdx.x == 0) args.bytes[blockIdx.x] = sum[0];
}

/// Whether `n` keys are such as the runs may hold.
bool AreRuns(const LshRuns& runs, size_t n) {
  const size_t n_runs = Ceil(n, kRunKeys);
  const size_t least = n_runs > 1 ? kRunKeys : n;
  return n > 0 && n % 64 == 0 && n_runs <= runs.n_runs && least <= runs.stride;
}

}  // namespace

Status LshSort(const LshParams& params, const LshKeyTable& table, size_t n_kv_heads, size_t n,
               const LshRuns& runs, Stream stream) {
  const size_t n_runs = Ceil(n, kRunKeys);
  if (!AreRuns(runs, n) || n > 64 * table.stride || n_kv_heads == 0) {
    return Status::kInvalidShape;
  }
  LaunchShape shape;
  shape.grid = dim3(params.lsh_l, static_cast<unsigned>(n_runs), static_cast<unsigned>(n_kv_heads));
  shape.block = kThreads;
  shape.stream = stream;
  const SortArgs args = {params, table, static_cast<unsigned>(n), runs};
  if (params.lsh_k <= 8) {
    LaunchKernel("LshSort", SortKernel<uint8_t>, shape, args);
  } else {
    LaunchKernel("LshSort", SortKernel<uint16_t>, shape, args);
  }
  return LaunchStatus();
}

Status LshLookUp(const LshQueries& queries, const LshRuns& runs, size_t n, const KeySets& found,
                 Stream stream) {
  const size_t n_runs = Ceil(n, kRunKeys);
  if (queries.min_matches < 1 || queries.min_matches > 2) return Status::kInvalidArgument;
  if (!AreRuns(runs, n) || n > 32 * found.stride || queries.n_kv_heads == 0 ||
      queries.group_size == 0) {
    return Status::kInvalidShape;
  }
  LaunchShape shape;
  shape.grid = dim3(static_cast<unsigned>(n_runs),
                    static_cast<unsigned>(queries.n_kv_heads * queries.group_size));
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("LshLookUp", LookUpKernel, shape,
               LookUpArgs{queries, runs, static_cast<unsigned>(n), found});
  return LaunchStatus();
}

Status LshLookUpBytes(const LshQueries& queries, const LshRuns& runs, size_t n, uint32_t* bytes,
                      Stream stream) {
  if (!AreRuns(runs, n) || queries.n_kv_heads == 0 || queries.group_size == 0) {
    return Status::kInvalidShape;
  }
  LaunchShape shape;
  shape.grid = static_cast<unsigned>(queries.n_kv_heads);
  shape.block = kThreads;
  shape.stream = stream;
  LaunchKernel("LshLookUpBytes", BytesKernel, shape,
               BytesArgs{queries, runs, static_cast<unsigned>(n), Ceil(n, kRunKeys), bytes});
  return LaunchStatus();
}

}  // namespace sparsetune::cuda
