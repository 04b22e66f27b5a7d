// The kernels of magic_pig on the emulated GPU beside those of the CPU.
#include "cuda/lsh.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "kernels/lsh/buckets.h"
#include "kernels/lsh/centre.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Dtype;
using sparsetune::Isa;
using sparsetune::LshParams;
using sparsetune::Status;
using sparsetune::testing::Expect;
using sparsetune::testing::kDtypes;
using sparsetune::testing::Normals;
using sparsetune::testing::SkewedCodes;
using sparsetune::testing::Stored;
using sparsetune::testing::Text;
namespace cuda = sparsetune::cuda;

constexpr size_t kHeads = 2;
/// As the CPU's test table.
constexpr LshParams kShapes[] = {{1, 1}, {3, 5}, {8, 8}, {10, 9}, {75, 8}, {7, 16}, {100, 16}};

std::vector<uint8_t> BytesOf(const Stored& stored) {
  return {stored.bytes.data(), stored.bytes.data() + stored.bytes.size()};
}

struct Planes {
  Planes(const LshParams& params, size_t head_dim)
      : planes(Normals(size_t{params.lsh_l} * params.lsh_k * head_dim, 2)),
        panels(sparsetune::LshPanelFloats(params, head_dim)) {
    sparsetune::LshPackPlanes(planes.data(), params, head_dim, panels.data());
  }

  std::vector<float> planes;
  std::vector<float> panels;
};

/// Whether AVX2 and AVX-512, which agree with the GPU in every bit, are here to compare with.
Isa ExactIsa() { return sparsetune::SupportsIsa(Isa::kAvx2) ? Isa::kAvx2 : sparsetune::BestIsa(); }

/// Codes of centred keys, [n, lsh_l], and their norms, as the CPU has them.
struct CpuKeys {
  CpuKeys(const Stored& keys, size_t first, size_t n, size_t head_dim, const float* mean,
          const LshParams& params, const Planes& planes)
      : centred(n * head_dim), norms(n), codes(n * params.lsh_l) {
    const size_t bytes = sparsetune::DtypeBytes(keys.dtype);
    sparsetune::LshCentre({keys.bytes.data() + first * head_dim * bytes, keys.dtype, head_dim, n},
                          mean, ExactIsa(), centred.data(), norms.data());
    std::vector<const float*> rows;
    for (size_t i = 0; i < n; ++i) rows.push_back(centred.data() + i * head_dim);
    sparsetune::LshCodes(rows.data(), n, head_dim, params, planes.panels.data(), ExactIsa(),
                         codes.data());
  }

  std::vector<float> centred;
  std::vector<float> norms;
  std::vector<uint16_t> codes;
};

void CheckKeyCodes(const LshParams& params, size_t head_dim, Dtype dtype) {
  constexpr size_t kKeys = 100;
  constexpr size_t kBlocks = 2;
  const Stored keys(Normals(kHeads * kKeys * head_dim, 1), dtype);
  const Planes planes(params, head_dim);
  const std::vector<float> mean = Normals(kHeads * head_dim, 3);
  const DeviceArray<uint8_t> device_keys(BytesOf(keys), "keys");
  const DeviceArray<float> panels(planes.panels, "panels");
  const DeviceArray<float> device_mean(mean, "mean");
  const size_t block_bytes = sparsetune::LshBlockBytes(params);
  DeviceArray<uint8_t> codes(kHeads * kBlocks * block_bytes, "codes");
  DeviceArray<float> norms(kHeads * kBlocks * 64, "norms");
  codes.Set(std::vector<uint8_t>(codes.size()));
  norms.Set(std::vector<float>(norms.size()));
  const cuda::KvRows kv = {device_keys.data(), nullptr,         dtype, head_dim, kHeads,
                           head_dim,           kKeys * head_dim};
  size_t begin = 0;
  for (const size_t end : {size_t{1}, size_t{40}, kKeys}) {
    const Status status =
        cuda::LshKeyCodes(kv, begin, end, device_mean.data(), params, panels.data(),
                          {codes.data(), kBlocks, norms.data()}, nullptr);
    Expect(status == Status::kOk, "status");
    begin = end;
  }
  const std::vector<uint8_t> actual = codes.Get();
  const std::vector<float> actual_norms = norms.Get();
  for (size_t head = 0; head < kHeads; ++head) {
    const CpuKeys cpu(keys, head * kKeys, kKeys, head_dim, mean.data() + head * head_dim, params,
                      planes);
    std::vector<uint8_t> table(kBlocks * block_bytes);
    sparsetune::LshStore(cpu.codes.data(), 0, kKeys, params, table.data());
    Expect(std::memcmp(table.data(), actual.data() + head * table.size(), table.size()) == 0,
           Text("codes at head_dim=", head_dim, " head=", head));
    for (size_t i = 0; i < kKeys; ++i) {
      const double error = std::abs(actual_norms[head * kBlocks * 64 + i] - cpu.norms[i]);
      Expect(error <= cpu.norms[i] * 0x1p-22, Text("norm ", i));
    }
  }
}

void CheckQueryCodes(const LshParams& params, size_t head_dim) {
  constexpr size_t kQueries = 39;
  const std::vector<float> queries = Normals(kQueries * head_dim, 1);
  const Planes planes(params, head_dim);
  const DeviceArray<float> device_queries(queries, "queries");
  const DeviceArray<float> panels(planes.panels, "panels");
  DeviceArray<uint16_t> codes(kQueries * params.lsh_l, "codes");
  const Status status = cuda::LshQueryCodes(device_queries.data(), kQueries, head_dim, params,
                                            panels.data(), codes.data(), nullptr);
  Expect(status == Status::kOk, "status");
  std::vector<const float*> rows;
  for (size_t i = 0; i < kQueries; ++i) rows.push_back(queries.data() + i * head_dim);
  std::vector<uint16_t> expected(codes.size());
  sparsetune::LshCodes(rows.data(), kQueries, head_dim, params, planes.panels.data(), ExactIsa(),
                       expected.data());
  Expect(codes.Get() == expected, Text("codes at head_dim=", head_dim));
}

void CheckMean(size_t n, size_t head_dim, Dtype dtype) {
  const Stored keys(Normals(kHeads * n * head_dim, 1), dtype);
  const DeviceArray<uint8_t> device_keys(BytesOf(keys), "keys");
  const size_t n_chunks = (n + cuda::kMeanChunk - 1) / cuda::kMeanChunk;
  DeviceArray<double> partial(kHeads * n_chunks * head_dim, "partial");
  DeviceArray<float> mean(kHeads * head_dim, "mean");
  const cuda::KvRows kv = {device_keys.data(), nullptr,     dtype, head_dim, kHeads,
                           head_dim,           n * head_dim};
  Expect(cuda::LshMean(kv, n, partial.data(), mean.data(), nullptr) == Status::kOk, "status");
  for (size_t i = 0; i < mean.size(); ++i) {
    double sum = 0;
    for (size_t key = 0; key < n; ++key) {
      sum += keys.values[(i / head_dim * n + key) * head_dim + i % head_dim];
    }
    Expect(mean.Get()[i] == static_cast<float>(sum / static_cast<double>(n)), Text("n=", n));
  }
}

struct MatchCase {
  LshParams params;
  size_t n_keys;
  size_t group_size;
  uint32_t min_matches;
  double skew;  ///< share of the codes that are 0; the others are spread evenly
};

/// Keys and queries with random codes, and what the CPU finds.
class MatchTest {
 public:
  explicit MatchTest(const MatchCase& given)
      : given_(given),
        n_blocks_((given.n_keys + 63) / 64),
        n_queries_(kHeads * given.group_size),
        query_codes_(SkewedCodes(given.params, n_queries_, given.skew, 2)),
        blocks_(kHeads * n_blocks_ * sparsetune::LshBlockBytes(given.params)),
        codes_((Fill(), blocks_.size()), "codes"),
        device_queries_(query_codes_, "query codes"),
        words_(n_queries_ * 2 * n_blocks_, "found") {
    codes_.Set(blocks_);
    words_.Set(std::vector<uint32_t>(words_.size()));
  }

  void Scan(size_t begin, size_t end) {
    const Status status = cuda::LshMatch(Queries(), Table(), begin, end, found(), nullptr);
    Expect(status == Status::kOk, "status of the scan");
  }

  void LookUp() {
    const size_t n = given_.n_keys / 64 * 64;
    const size_t n_runs = (n + sparsetune::kLshRunKeys - 1) / sparsetune::kLshRunKeys;
    const size_t n_tables = kHeads * n_runs * given_.params.lsh_l;
    DeviceArray<uint32_t> starts(n_tables * ((size_t{1} << given_.params.lsh_k) + 1), "starts");
    const size_t stride = std::min(n, sparsetune::kLshRunKeys);
    DeviceArray<uint16_t> keys(n_tables * stride, "keys by bucket");
    const cuda::LshRuns runs = {starts.data(), keys.data(), n_runs, stride};
    const Status sorted = cuda::LshSort(given_.params, Table(), kHeads, n, runs, nullptr);
    Expect(sorted == Status::kOk, "status of the sort");
    Expect(cuda::LshLookUp(Queries(), runs, n, found(), nullptr) == Status::kOk, "status");
    DeviceArray<uint32_t> bytes(kHeads, "bytes");
    cuda::LshLookUpBytes(Queries(), runs, n, bytes.data(), nullptr);
    for (uint32_t head = 0; head < kHeads; ++head) {
      Expect(bytes.Get()[head] == BucketBytes(head, n, n_runs), Text("bytes of head ", head));
    }
  }

  /// Of the buckets that the queries of a head ask for, each once, and two starts of each run.
  size_t BucketBytes(uint32_t head, size_t n, size_t n_runs) const {
    const std::vector<uint16_t> codes =
        SkewedCodes(given_.params, given_.n_keys, given_.skew, 7 + head);
    const uint32_t lsh_l = given_.params.lsh_l;
    size_t bytes = 0;
    for (uint32_t t = 0; t < lsh_l; ++t) {
      std::set<uint16_t> asked;
      for (size_t g = 0; g < given_.group_size; ++g) {
        asked.insert(query_codes_[(head * given_.group_size + g) * lsh_l + t]);
      }
      bytes += asked.size() * n_runs * 2 * sizeof(uint32_t);
      for (size_t i = 0; i < n; ++i) {
        bytes += asked.count(codes[i * lsh_l + t]) * sizeof(uint16_t);
      }
    }
    return bytes;
  }

  void Check() const {
    const std::vector<uint32_t> actual = words_.Get();
    for (size_t query = 0; query < n_queries_; ++query) {
      std::vector<uint64_t> expected(n_blocks_);
      const uint8_t* codes = blocks_.data() + query / given_.group_size * n_blocks_ *
                                                  sparsetune::LshBlockBytes(given_.params);
      sparsetune::LshMatch({given_.params, codes, given_.n_keys},
                           query_codes_.data() + query * given_.params.lsh_l, 1, given_.min_matches,
                           0, n_blocks_, Isa::kScalar, expected.data());
      const bool is_same = std::memcmp(expected.data(), actual.data() + query * 2 * n_blocks_,
                                       n_blocks_ * sizeof(uint64_t)) == 0;
      Expect(is_same, Text("n=", given_.n_keys, " group=", given_.group_size, " query=", query,
                           " min_matches=", given_.min_matches));
    }
  }

 private:
  void Fill() {
    const size_t bytes = n_blocks_ * sparsetune::LshBlockBytes(given_.params);
    for (uint32_t head = 0; head < kHeads; ++head) {
      sparsetune::LshStore(SkewedCodes(given_.params, given_.n_keys, given_.skew, 7 + head).data(),
                           0, given_.n_keys, given_.params, blocks_.data() + head * bytes);
    }
  }
  cuda::LshQueries Queries() const {
    return {given_.params, device_queries_.data(), kHeads, given_.group_size, given_.min_matches};
  }
  cuda::LshKeyTable Table() { return {codes_.data(), n_blocks_, nullptr}; }
  cuda::KeySets found() { return {words_.data(), n_queries_, 2 * n_blocks_}; }

  MatchCase given_;
  size_t n_blocks_;
  size_t n_queries_;
  std::vector<uint16_t> query_codes_;
  std::vector<uint8_t> blocks_;
  DeviceArray<uint8_t> codes_;
  DeviceArray<uint16_t> device_queries_;
  DeviceArray<uint32_t> words_;
};

/// The key counts of the CPU's table, in groups of every size.
void TestScan(uint32_t lsh_k) {
  size_t group_size = lsh_k;
  for (const size_t n : {1, 63, 64, 65, 127, 128, 129, 1000}) {
    for (const uint32_t min_matches : {1u, 2u}) {
      MatchTest test({{6, lsh_k}, n, 1 + group_size++ % cuda::kMaxGroup, min_matches, 0.3});
      const size_t middle = n / 128 * 64;
      test.Scan(0, middle);
      test.Scan(middle, n);
      test.Check();
    }
  }
}

constexpr MatchCase kBucketCases[] = {
    {{7, 1}, 256, 1, 2, 0},     {{7, 5}, 1024, 2, 1, 0},      {{7, 9}, 1024, 3, 2, 0.1},
    {{7, 16}, 1024, 1, 2, 0.1}, {{20, 5}, 64, 4, 2, 0.02},    {{12, 8}, 2048, 2, 2, 0.5},
    {{12, 8}, 512, 8, 2, 1},    {{150, 10}, 512, 1, 2, 0.02},
};

}  // namespace

void TestLsh() {
  for (const LshParams& params : kShapes) {
    TestKernels(Text("codes are the CPU's at lsh_l=", params.lsh_l, " lsh_k=", params.lsh_k), [&] {
      CheckQueryCodes(params, 64);
      CheckKeyCodes(params, 80, Dtype::kF16);
    });
  }
  TestKernels("codes are the CPU's for every type of keys", [] {
    for (const Dtype dtype : kDtypes) CheckKeyCodes({5, 7}, 128, dtype);
    CheckKeyCodes({4, 9}, 256, Dtype::kBf16);
    CheckKeyCodes({3, 16}, 96, Dtype::kF16);
    CheckKeyCodes({2, 3}, 64, Dtype::kBf16);
  });
  TestKernels("the mean key is that of the sum in double", [] {
    for (const Dtype dtype : kDtypes) CheckMean(300, 80, dtype);
    CheckMean(1, 96, Dtype::kF32);
    CheckMean(cuda::kMeanChunk, 64, Dtype::kBf16);
    CheckMean(cuda::kMeanChunk + 1, 64, Dtype::kF16);
    CheckMean(33, 256, Dtype::kF16);
  });
  for (const uint32_t lsh_k : {2, 8, 9, 12}) {
    TestKernels(Text("a scan finds what the CPU finds at lsh_k=", lsh_k), [&] { TestScan(lsh_k); });
  }
  for (const MatchCase& given : kBucketCases) {
    TestKernels(Text("buckets find what a scan finds at lsh_l=", given.params.lsh_l,
                     " lsh_k=", given.params.lsh_k, " n=", given.n_keys, " skew=", given.skew),
                [&] {
                  MatchTest test(given);
                  test.LookUp();
                  test.Check();
                });
  }
  TestKernels("buckets of several runs find what a scan finds", [] {
    MatchTest test({{2, 4}, 65536 + 640, 1, 2, 0.01});
    test.LookUp();
    test.Check();
  });
}

}  // namespace simt
