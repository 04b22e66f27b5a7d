// Dense and masked attention on the emulated GPU beside AttendAdd of the CPU.
#include "cuda/attend.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "kernels/attend/attend.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Dtype;
using sparsetune::Status;
using sparsetune::testing::DtypeName;
using sparsetune::testing::Expect;
using sparsetune::testing::Fenced;
using sparsetune::testing::Normals;
using sparsetune::testing::Stored;
using sparsetune::testing::Text;
namespace cuda = sparsetune::cuda;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// As the CPU's test, for the same magnitudes; the exponential here is less exact.
constexpr double kBound = 2e-5;

struct Shape {
  size_t head_dim;
  size_t group_size;
  size_t n_kv_heads;
  size_t n_kv;
  Dtype dtype;
};

/// What a head attends: rows listed with weights, and ranges.
struct Rows {
  std::vector<std::vector<uint32_t>> lists;  ///< one a KV head or one a query head; or none
  bool is_weighted = false;
  cuda::KeyRanges ranges;
};

class AttendCase {
 public:
  AttendCase(const Shape& shape, const Rows& rows)
      : shape_(shape),
        rows_(rows),
        n_heads_(shape.n_kv_heads * shape.group_size),
        queries_(Normals(n_heads_ * shape.head_dim, 1)),
        keys_(Normals(n_rows() * shape.head_dim, 2), shape.dtype),
        values_(Normals(n_rows() * shape.head_dim, 3), shape.dtype) {
    for (const auto& list : rows.lists) stride_ = std::max(stride_, list.size() + 3);
    weights_.assign(n_heads_ * stride_, 0);
    const std::vector<float> normals = Normals(weights_.size(), 4);
    for (size_t i = 0; i < weights_.size() && rows.is_weighted; ++i) {
      weights_[i] = i % 5 == 0 ? -kInfinity : 2 * normals[i];
    }
  }

  /// The kernels' output with that many splits.
  std::vector<float> OnDevice(size_t n_splits) const {
    const DeviceArray<float> queries(queries_, "queries");
    const DeviceArray<uint8_t> keys(BytesOf(keys_), "keys");
    const DeviceArray<uint8_t> values(BytesOf(values_), "values");
    const DeviceArray<float> weights(weights_.empty() ? std::vector<float>(1) : weights_,
                                     "weights");
    const DeviceArray<uint32_t> lists(FlatLists(), "lists");
    const DeviceArray<uint32_t> counts(Counts(), "counts");
    DeviceArray<float> max(n_heads_ * n_splits, "max");
    DeviceArray<float> sum(n_heads_ * n_splits, "sum");
    DeviceArray<float> partial(n_heads_ * n_splits * shape_.head_dim, "partial values");
    DeviceArray<float> output(n_heads_ * shape_.head_dim, "output");
    DeviceArray<float> log_sums(n_heads_, "log sums");
    cuda::AttendRows rows;
    rows.kv = {keys.data(),
               values.data(),
               shape_.dtype,
               shape_.head_dim,
               shape_.n_kv_heads,
               shape_.head_dim,
               shape_.n_kv * shape_.head_dim};
    if (!rows_.lists.empty()) {
      rows.lists = {lists.data(), counts.data(), rows_.lists.size(), stride_,
                    rows_.is_weighted ? weights.data() : nullptr};
    }
    rows.ranges = rows_.ranges;
    const cuda::AttendPartials partials = {n_splits, max.data(), sum.data(), partial.data()};
    const Status status =
        cuda::Attend({queries.data(), shape_.group_size}, rows, Scale(), partials, nullptr);
    Expect(status == Status::kOk, "status of Attend");
    const Status merged = cuda::AttendMerge(partials, n_heads_, shape_.head_dim, output.data(),
                                            log_sums.data(), nullptr);
    Expect(merged == Status::kOk, "status of AttendMerge");
    return output.Get();
  }

  std::vector<float> OnCpu() const {
    std::vector<float> output(n_heads_ * shape_.head_dim);
    for (size_t head = 0; head < n_heads_; ++head) AttendOnCpu(head, &output);
    return output;
  }

  void Check(size_t n_splits) const {
    const std::vector<float> actual = OnDevice(n_splits);
    const std::vector<float> expected = OnCpu();
    double worst = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
      worst = error <= worst ? worst : error;
    }
    Expect(worst <= kBound, Text(DtypeName(shape_.dtype), " head_dim=", shape_.head_dim, " group=",
                                 shape_.group_size, " n=", shape_.n_kv, " splits=", n_splits,
                                 " lists=", rows_.lists.size(), " error=", worst));
  }

 private:
  size_t n_rows() const { return shape_.n_kv_heads * shape_.n_kv; }
  float Scale() const {
    return static_cast<float>(1 / std::sqrt(static_cast<double>(shape_.head_dim)));
  }
  static std::vector<uint8_t> BytesOf(const Stored& stored) {
    return {stored.bytes.data(), stored.bytes.data() + stored.bytes.size()};
  }
  std::vector<uint32_t> FlatLists() const {
    std::vector<uint32_t> flat(std::max<size_t>(1, rows_.lists.size() * stride_), 0xffffffffu);
    for (size_t l = 0; l < rows_.lists.size(); ++l) {
      std::copy(rows_.lists[l].begin(), rows_.lists[l].end(),
                flat.begin() + static_cast<ptrdiff_t>(l * stride_));
    }
    return flat;
  }
  std::vector<uint32_t> Counts() const {
    std::vector<uint32_t> counts;
    for (const auto& list : rows_.lists) counts.push_back(static_cast<uint32_t>(list.size()));
    if (counts.empty()) counts.push_back(0);
    return counts;
  }

  void AttendOnCpu(size_t head, std::vector<float>* output) const {
    const size_t dim = shape_.head_dim;
    const size_t bytes = shape_.n_kv * dim * sparsetune::DtypeBytes(shape_.dtype);
    const float* query = queries_.data() + head * dim;
    sparsetune::AttendRows rows;
    rows.keys = keys_.bytes.data() + head / shape_.group_size * bytes;
    rows.values = values_.bytes.data() + head / shape_.group_size * bytes;
    rows.dtype = shape_.dtype;
    std::vector<uint32_t> indices;
    std::vector<float> weights;
    if (!rows_.lists.empty()) {
      const size_t list = rows_.lists.size() == n_heads_ ? head : head / shape_.group_size;
      indices = rows_.lists[list];
      for (size_t i = 0; i < indices.size(); ++i) weights.push_back(weights_[head * stride_ + i]);
    }
    const auto add = [&](size_t begin, size_t end) {
      for (size_t key = begin; key < end; ++key) {
        indices.push_back(static_cast<uint32_t>(key));
        weights.push_back(0);
      }
    };
    add(0, rows_.ranges.sink_end);
    add(rows_.ranges.local_begin, rows_.ranges.n_visible);
    rows.indices = indices.data();
    rows.n = indices.size();
    rows.log_weights = weights.data();
    rows.weight_stride = rows.n;
    float max = 0;
    float sum = 0;
    std::vector<float> values(dim);
    sparsetune::AttendState state = {&max, &sum, values.data()};
    sparsetune::AttendBegin(1, dim, &state);
    sparsetune::AttendAdd({&query, 1, dim, Scale()}, rows, sparsetune::Isa::kScalar, &state);
    float* row = output->data() + head * dim;
    sparsetune::AttendEnd(state, 1, dim, &row);
  }

  Shape shape_;
  Rows rows_;
  size_t n_heads_;
  std::vector<float> queries_;
  Stored keys_;
  Stored values_;
  size_t stride_ = 0;
  std::vector<float> weights_;
};

std::vector<uint32_t> EveryNth(size_t n, size_t first, size_t end) {
  std::vector<uint32_t> keys;
  for (size_t key = first; key < end; key += n) keys.push_back(static_cast<uint32_t>(key));
  return keys;
}

Rows Dense(size_t n) { return {{}, false, {0, 0, n}}; }

void CheckMasked(const Shape& shape, bool by_head, size_t n_splits) {
  Rows rows;
  const size_t n_lists = shape.n_kv_heads * (by_head ? shape.group_size : 1);
  rows.ranges = {3, shape.n_kv - 5, shape.n_kv};
  for (size_t l = 0; l < n_lists; ++l) {
    rows.lists.push_back(EveryNth(2 + l % 4, 3 + l, shape.n_kv - 5));
  }
  rows.is_weighted = true;
  AttendCase(shape, rows).Check(n_splits);
}

/// Every head dimension with every type and every group, and the row counts of the CPU's table.
void TestDense() {
  constexpr size_t kRows[] = {1, 3, 4, 5, 31, 32, 33, 65};
  size_t turn = 0;  // so that other counts meet other groups
  for (const size_t head_dim : cuda::kHeadDims) {
    TestKernels(Text("dense attention agrees with the CPU at head_dim=", head_dim), [&] {
      for (const Dtype dtype : sparsetune::testing::kDtypes) {
        ++turn;
        for (size_t group_size = 1; group_size <= cuda::kMaxGroup; ++group_size) {
          const size_t n = kRows[(group_size + 3 * turn) % std::size(kRows)];
          AttendCase({head_dim, group_size, 1, n, dtype}, Dense(n)).Check(n % 3 + 1);
        }
      }
    });
  }
  TestKernels("dense attention of several KV heads agrees with the CPU", [] {
    AttendCase({64, 5, 2, 45, Dtype::kF16}, Dense(45)).Check(2);
    AttendCase({96, 1, 3, 33, Dtype::kBf16}, Dense(33)).Check(3);
    AttendCase({80, 3, 2, 20, Dtype::kF32}, Dense(20)).Check(1);
  });
  TestKernels("dense attention takes n_kv=1000",
              [] { AttendCase({64, 3, 1, 1000, Dtype::kF32}, Dense(1000)).Check(7); });
}

void TestMasked() {
  for (const size_t head_dim : cuda::kHeadDims) {
    TestKernels(Text("listed rows with weights agree with the CPU at head_dim=", head_dim), [&] {
      CheckMasked({head_dim, 4, 2, 90, Dtype::kF16}, false, 3);
      CheckMasked({head_dim, 3, 1, 90, Dtype::kBf16}, true, 2);
      CheckMasked({head_dim, 8, 1, 90, Dtype::kF32}, false, 1);
      CheckMasked({head_dim, 2, 1, 17, Dtype::kBf16}, false, 1);
      CheckMasked({head_dim, 7, 1, 41, Dtype::kF16}, false, 2);
      CheckMasked({head_dim, 1, 1, 73, Dtype::kF32}, false, 1);
    });
  }
  TestKernels("lists may be empty, and so may everything", [] {
    const Shape shape = {64, 2, 2, 40, Dtype::kF16};
    AttendCase(shape, {{{}, {7}}, true, {1, 40, 40}}).Check(3);
    AttendCase(shape, {{{}, {}}, true, {0, 40, 40}}).Check(2);
    AttendCase(shape, {{{5}, {6}}, true, {0, 40, 40}}).Check(1);
  });
}

}  // namespace

void TestAttend() {
  TestDense();
  TestMasked();
  sparsetune::testing::Test("attention refuses what it is not built for", [] {
    cuda::AttendRows rows;
    rows.kv.head_dim = 72;
    rows.kv.n_kv_heads = 1;
    const auto call = [&](size_t group_size, size_t n_splits) {
      return cuda::Attend({nullptr, group_size}, rows, 1, {n_splits, nullptr, nullptr, nullptr},
                          nullptr);
    };
    Expect(call(1, 1) == Status::kUnsupported, "head_dim");
    rows.kv.head_dim = 64;
    Expect(call(9, 1) == Status::kUnsupported, "group_size");
    Expect(call(1, 0) == Status::kInvalidShape, "splits");
    rows.ranges = {5, 4, 9};
    Expect(call(1, 1) == Status::kInvalidShape, "ranges");
    Expect(cuda::AttendSplitCount(100000, 8, 132) == 33, "splits of a large device");
    Expect(cuda::AttendSplitCount(100, 8, 132) == 1, "splits of few rows");
  });
}

}  // namespace simt
