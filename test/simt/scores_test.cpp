// Scores of keys, of pages and of int8 keys on the emulated GPU beside those of the CPU.
#include "cuda/scores.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "kernels/pages/pages.h"
#include "kernels/quantized_scores/quantized_scores.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Dtype;
using sparsetune::Isa;
using sparsetune::Status;
using sparsetune::testing::Dot;
using sparsetune::testing::DotOfMagnitudes;
using sparsetune::testing::DtypeName;
using sparsetune::testing::Expect;
using sparsetune::testing::kDtypes;
using sparsetune::testing::Normals;
using sparsetune::testing::Stored;
using sparsetune::testing::Text;
namespace cuda = sparsetune::cuda;

std::vector<uint8_t> BytesOf(const Stored& stored) {
  return {stored.bytes.data(), stored.bytes.data() + stored.bytes.size()};
}

/// Keys and queries of two KV heads, here and there.
struct ScoreCase {
  static constexpr size_t kHeads = 2;

  ScoreCase(size_t dim, size_t group, size_t n, Dtype dtype)
      : head_dim(dim),
        group_size(group),
        n_kv(n),
        queries(Normals(kHeads * group * dim, 1)),
        keys(Normals(kHeads * n * dim, 2), dtype),
        device_queries(queries, "queries"),
        device_keys(BytesOf(keys), "keys") {}

  cuda::KvRows kv() const {
    return {device_keys.data(), nullptr, keys.dtype, head_dim, kHeads, head_dim, n_kv * head_dim};
  }
  cuda::Queries device() const { return {device_queries.data(), group_size}; }
  size_t n_q_heads() const { return kHeads * group_size; }
  const float* Query(size_t head) const { return queries.data() + head * head_dim; }
  const float* Key(size_t kv_head, size_t key) const {
    return keys.values.data() + (kv_head * n_kv + key) * head_dim;
  }
  std::string Describe() const {
    return Text(DtypeName(keys.dtype), " head_dim=", head_dim, " group=", group_size, " n=", n_kv);
  }

  size_t head_dim;
  size_t group_size;
  size_t n_kv;
  std::vector<float> queries;
  Stored keys;
  DeviceArray<float> device_queries;
  DeviceArray<uint8_t> device_keys;
};

void CheckScore(const ScoreCase& given, size_t head, size_t key, float score) {
  const float* query = given.Query(head);
  const float* row = given.Key(head / given.group_size, key);
  const double bound =
      static_cast<double>(given.head_dim) * 0x1p-24 * DotOfMagnitudes(query, row, given.head_dim);
  const double error = std::abs(score - Dot(query, row, given.head_dim));
  Expect(error <= bound, Text(given.Describe(), " head=", head, " key=", key, " error=", error));
}

void CheckRange(size_t head_dim, size_t group_size, size_t n, Dtype dtype) {
  const ScoreCase given(head_dim, group_size, n + 3, dtype);
  DeviceArray<float> scores(given.n_q_heads() * (n + 5), "scores");
  const Status status =
      cuda::Scores(given.device(), given.kv(), {}, 2, n, scores.data(), n + 5, nullptr);
  Expect(status == Status::kOk, "status");
  const std::vector<float> actual = scores.Get();
  for (size_t head = 0; head < given.n_q_heads(); ++head) {
    for (size_t i = 0; i < n; ++i) CheckScore(given, head, i + 2, actual[head * (n + 5) + i]);
  }
}

/// One list a KV head, or one a query head; each of another length.
void CheckLists(size_t head_dim, size_t group_size, Dtype dtype, bool by_head) {
  constexpr size_t kStride = 70;
  const ScoreCase given(head_dim, group_size, 100, dtype);
  const size_t n_lists = by_head ? given.n_q_heads() : ScoreCase::kHeads;
  std::vector<uint32_t> flat(n_lists * kStride);
  std::vector<uint32_t> counts(n_lists);
  for (size_t l = 0; l < n_lists; ++l) {
    counts[l] = static_cast<uint32_t>(l == 1 ? 0 : kStride - 3 * l);
    for (size_t i = 0; i < kStride; ++i) flat[l * kStride + i] = (i * 17 + l) % 100;
  }
  const DeviceArray<uint32_t> lists(flat, "lists");
  const DeviceArray<uint32_t> device_counts(counts, "counts");
  DeviceArray<float> scores(given.n_q_heads() * kStride, "scores");
  const Status status = cuda::Scores(
      given.device(), given.kv(), {lists.data(), device_counts.data(), n_lists, kStride, nullptr},
      0, kStride, scores.data(), kStride, nullptr);
  Expect(status == Status::kOk, "status");
  const std::vector<float> actual = scores.Get();
  for (size_t head = 0; head < given.n_q_heads(); ++head) {
    const size_t list = by_head ? head : head / group_size;
    for (size_t i = 0; i < counts[list]; ++i) {
      CheckScore(given, head, flat[list * kStride + i], actual[head * kStride + i]);
    }
  }
}

/// Bounds by the definition.
std::vector<float> Bounds(const ScoreCase& given, size_t page_size, size_t n_pages) {
  std::vector<float> bounds;
  for (size_t head = 0; head < ScoreCase::kHeads; ++head) {
    for (size_t page = 0; page < n_pages; ++page) {
      for (const bool is_high : {false, true}) {
        for (size_t i = 0; i < given.head_dim; ++i) {
          float best = given.Key(head, page * page_size)[i];
          const size_t end = std::min((page + 1) * page_size, given.n_kv);
          for (size_t key = page * page_size; key < end; ++key) {
            const float x = given.Key(head, key)[i];
            best = is_high ? std::max(best, x) : std::min(best, x);
          }
          bounds.push_back(best);
        }
      }
    }
  }
  return bounds;
}

void CheckPages(size_t head_dim, size_t group_size, size_t page_size, Dtype dtype) {
  const ScoreCase given(head_dim, group_size, 77, dtype);
  const size_t n_pages = (given.n_kv + page_size - 1) / page_size;
  const size_t n = ScoreCase::kHeads * n_pages * 2 * head_dim;
  DeviceArray<uint8_t> memory(n * sparsetune::DtypeBytes(dtype), "bounds");
  const cuda::PageBounds pages = {memory.data(), n_pages, page_size};
  size_t begin = 0;
  for (const size_t end : {size_t{1}, size_t{30}, size_t{30}, given.n_kv}) {
    const Status status = cuda::PageBoundsExtend(given.kv(), begin, end, pages, nullptr);
    Expect(status == Status::kOk, "status of bounds");
    begin = end;
  }
  const std::vector<float> expected = Bounds(given, page_size, n_pages);
  const std::vector<uint8_t> bytes = memory.Get();
  for (size_t i = 0; i < n; ++i) {
    const float bound = sparsetune::ReadElement(bytes.data(), dtype, i);
    Expect(bound == expected[i], Text(given.Describe(), " page_size=", page_size, " bound ", i));
  }
  DeviceArray<float> scores(given.n_q_heads() * n_pages, "scores");
  const Status status = cuda::PageScores(given.device(), given.kv(), pages, 1, n_pages - 1,
                                         scores.data(), n_pages, nullptr);
  Expect(status == Status::kOk, "status of scores");
  const std::vector<float> actual = scores.Get();
  for (size_t head = 0; head < given.n_q_heads(); ++head) {
    const float* query = given.Query(head);
    std::vector<float> row(n_pages - 1);
    std::vector<float> room(2 * head_dim);
    const size_t first = (head / group_size * n_pages + 1) * 2 * head_dim;
    sparsetune::PageScores(&query, 1, {expected.data() + first, Dtype::kF32, head_dim, n_pages - 1},
                           Isa::kScalar, room.data(), row.data(), n_pages - 1);
    for (size_t page = 0; page + 1 < n_pages; ++page) {
      const double error = std::abs(actual[head * n_pages + page] - row[page]);
      Expect(error <= 1e-5 * static_cast<double>(head_dim), Text("page ", page, " error ", error));
    }
  }
}

/// The blocks as the CPU writes them.
std::vector<uint8_t> Blocks(const ScoreCase& given, size_t n_blocks) {
  const size_t bytes = sparsetune::QuantBlockBytes(given.head_dim);
  std::vector<uint8_t> blocks(ScoreCase::kHeads * n_blocks * bytes);
  for (size_t head = 0; head < ScoreCase::kHeads; ++head) {
    uint8_t* of_head = blocks.data() + head * n_blocks * bytes;
    for (size_t b = 0; b < n_blocks; ++b) {
      sparsetune::ClearQuantBlock(given.head_dim, of_head + b * bytes);
    }
    for (size_t key = 0; key < given.n_kv; ++key) {
      sparsetune::QuantizeKey(given.Key(head, key), given.head_dim, key % 64,
                              of_head + key / 64 * bytes);
    }
  }
  return blocks;
}

void CheckQuantized(size_t head_dim, size_t group_size, size_t n, Dtype dtype) {
  const ScoreCase given(head_dim, group_size, n, dtype);
  const size_t n_blocks = (n + 63) / 64;
  const std::vector<uint8_t> expected_blocks = Blocks(given, n_blocks);
  DeviceArray<uint8_t> blocks(expected_blocks.size(), "blocks");
  size_t begin = 0;
  for (const size_t end : {std::min<size_t>(n, 5), std::min<size_t>(n, 70), n}) {
    const Status status =
        cuda::QuantizeKeys(given.kv(), begin, end, blocks.data(), n_blocks, nullptr);
    Expect(status == Status::kOk, "status of keys");
    begin = end;
  }
  Expect(blocks.Get() == expected_blocks, Text(given.Describe(), ": blocks"));
  const size_t n_heads = given.n_q_heads();
  DeviceArray<int8_t> codes(n_heads * head_dim, "codes");
  cuda::QuantizeQueries(given.device_queries.data(), n_heads, head_dim, codes.data(), nullptr);
  std::vector<int8_t> expected_codes(n_heads * head_dim);
  std::vector<int32_t> sums(n_heads);
  for (size_t head = 0; head < n_heads; ++head) {
    sums[head] = sparsetune::QuantizeQuery(given.Query(head), head_dim,
                                           expected_codes.data() + head * head_dim);
  }
  Expect(codes.Get() == expected_codes, Text(given.Describe(), ": codes"));
  const size_t stride = n_blocks * 64;
  DeviceArray<float> scores(n_heads * stride, "scores");
  const Status status = cuda::QuantizedScores(
      codes.data(), group_size, {blocks.data(), n_blocks, head_dim, ScoreCase::kHeads}, n_blocks,
      scores.data(), stride, nullptr);
  Expect(status == Status::kOk, "status of scores");
  const std::vector<float> actual = scores.Get();
  const size_t bytes = sparsetune::QuantBlockBytes(head_dim);
  for (size_t head = 0; head < ScoreCase::kHeads; ++head) {
    std::vector<float> expected(group_size * stride);
    const size_t first = head * group_size;
    sparsetune::QuantizedScores(
        {expected_codes.data() + first * head_dim, sums.data() + first, group_size},
        {expected_blocks.data() + head * n_blocks * bytes, head_dim, n_blocks}, Isa::kScalar,
        expected.data(), stride);
    const bool is_same = std::equal(expected.begin(), expected.end(),
                                    actual.begin() + static_cast<ptrdiff_t>(first * stride));
    Expect(is_same, Text(given.Describe(), ": scores"));
  }
}

}  // namespace

/// Every head dimension with every type and every group, and the row counts of the CPU's table.
void TestScores() {
  constexpr size_t kRows[] = {1, 3, 4, 5, 33, 0, 150};
  constexpr size_t kPageSizes[] = {16, 7, 76, 1};
  size_t turn = 0;  // so that other counts meet other groups
  for (const size_t head_dim : cuda::kHeadDims) {
    TestKernels(Text("scores are the sum in double at head_dim=", head_dim), [&] {
      for (const Dtype dtype : kDtypes) {
        ++turn;
        for (size_t group_size = 1; group_size <= cuda::kMaxGroup; ++group_size) {
          const size_t n = kRows[(group_size + 2 * turn) % std::size(kRows)];
          CheckRange(head_dim, group_size, n, dtype);
        }
      }
    });
    TestKernels(Text("scores of listed rows are theirs at head_dim=", head_dim), [&] {
      CheckLists(head_dim, 4, Dtype::kF16, false);
      CheckLists(head_dim, 3, Dtype::kBf16, true);
      CheckLists(head_dim, 1, Dtype::kF32, false);
    });
    TestKernels(Text("page bounds and their scores are the CPU's at head_dim=", head_dim), [&] {
      for (const Dtype dtype : kDtypes) {
        ++turn;
        for (const size_t group_size : {1, 2, 3, 8}) {
          CheckPages(head_dim, group_size, kPageSizes[(group_size + turn) % 4], dtype);
        }
      }
    });
  }
  for (const size_t group_size : {2, 8}) {
    TestKernels(Text("scores of listed rows are theirs in a group of ", group_size),
                [&] { CheckLists(64, group_size, Dtype::kBf16, false); });
  }
  TestKernels("scores of int8 keys, the keys and the queries are the CPU's, bit by bit", [] {
    for (const size_t n : {1, 15, 63, 64, 65, 200}) CheckQuantized(64, 1 + n % 8, n, Dtype::kF16);
    for (const Dtype dtype : kDtypes) CheckQuantized(80, 3, 70, dtype);
    CheckQuantized(96, 2, 129, Dtype::kF16);
    CheckQuantized(128, 4, 130, Dtype::kBf16);
    CheckQuantized(256, 5, 130, Dtype::kBf16);
    CheckQuantized(256, 6, 66, Dtype::kF32);
    CheckQuantized(128, 7, 1, Dtype::kF16);
  });
}

}  // namespace simt
