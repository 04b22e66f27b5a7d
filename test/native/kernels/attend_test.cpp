#include "kernels/attend/attend.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Scores and values are below 6 here, so this is met with room and catches mistakes.
constexpr double kBound = 1e-5;

struct AttendCase {
  AttendCase(size_t dim, size_t n_queries, size_t n, Dtype dtype)
      : head_dim(dim),
        queries(Normals(n_queries * dim, 1)),
        keys(Normals(n * dim, 2), dtype),
        values(Normals(n * dim, 3), dtype),
        pointers(RowsOf(queries, dim)) {
    rows.keys = keys.bytes.data();
    rows.values = values.bytes.data();
    rows.dtype = dtype;
    rows.n = n;
  }

  size_t n_queries() const { return pointers.size(); }
  size_t Row(size_t r) const { return rows.indices == nullptr ? r : rows.indices[r]; }
  double Exponent(size_t g, size_t r) const {
    const double score = Dot(pointers[g], keys.values.data() + Row(r) * head_dim, head_dim);
    const float log_weight =
        rows.log_weights == nullptr ? 0 : rows.log_weights[g * rows.weight_stride + r];
    return score / std::sqrt(static_cast<double>(head_dim)) + log_weight;
  }

  size_t head_dim;
  Fenced<float> queries;
  Stored keys;
  Stored values;
  std::vector<const float*> pointers;
  AttendRows rows;
};

/// The softmax as it is written, in double.
std::vector<double> Reference(const AttendCase& given) {
  std::vector<double> outputs(given.n_queries() * given.head_dim);
  for (size_t g = 0; g < given.n_queries(); ++g) {
    double max = -kInfinity;
    for (size_t r = 0; r < given.rows.n; ++r) max = std::max(max, given.Exponent(g, r));
    if (max == -kInfinity) continue;
    double sum = 0;
    double* output = outputs.data() + g * given.head_dim;
    for (size_t r = 0; r < given.rows.n; ++r) {
      const double weight = std::exp(given.Exponent(g, r) - max);
      const float* value = given.values.values.data() + given.Row(r) * given.head_dim;
      sum += weight;
      for (size_t i = 0; i < given.head_dim; ++i) output[i] += weight * value[i];
    }
    for (size_t i = 0; i < given.head_dim; ++i) output[i] /= sum;
  }
  return outputs;
}

/// The memory of a state of AttendBegin.
struct Softmax {
  Softmax(size_t n, size_t head_dim) : max(n), sum(n), values(n * head_dim) {
    state = {max.data(), sum.data(), values.data()};
    AttendBegin(n, head_dim, &state);
  }

  Fenced<float> max;
  Fenced<float> sum;
  Fenced<float> values;
  AttendState state;
};

/// Attends the rows, `step` a call.
Fenced<float> Run(const AttendCase& given, Isa isa, size_t step) {
  const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(given.head_dim)));
  const AttendQueries queries = {given.pointers.data(), given.n_queries(), given.head_dim, scale};
  Softmax softmax(given.n_queries(), given.head_dim);
  std::vector<uint32_t> rest;
  for (size_t first = 0; first < given.rows.n; first += step) {
    AttendRows part = given.rows;
    part.n = std::min(step, given.rows.n - first);
    rest.resize(part.n);
    for (size_t r = 0; r < part.n; ++r) rest[r] = static_cast<uint32_t>(given.Row(first + r));
    if (given.rows.indices != nullptr || first > 0) part.indices = rest.data();
    if (part.log_weights != nullptr) part.log_weights += first;
    Expect(AttendAdd(queries, part, isa, &softmax.state) == Status::kOk, "status");
  }
  Fenced<float> output(given.n_queries() * given.head_dim);
  std::vector<float*> outputs;
  for (size_t g = 0; g < given.n_queries(); ++g) {
    outputs.push_back(output.data() + g * given.head_dim);
  }
  AttendEnd(softmax.state, given.n_queries(), given.head_dim, outputs.data());
  return output;
}

void Compare(const AttendCase& given, const std::vector<double>& expected, Isa isa, size_t step) {
  const Fenced<float> actual = Run(given, isa, step);
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(actual[i] - expected[i]);
    worst = error <= worst ? worst : error;  // a NaN becomes the worst
  }
  Expect(worst <= kBound, Text(DtypeName(given.rows.dtype), " n=", given.rows.n,
                               " queries=", given.n_queries(), " step=", step, " error=", worst));
}

void Check(const AttendCase& given, Isa isa, size_t step = 100000) {
  Compare(given, Reference(given), isa, step);
}

/// Scores within the log weights, without keys.
void CheckScored(AttendCase given, Isa isa, size_t step) {
  const std::vector<double> expected = Reference(given);
  Fenced<float> scores(given.n_queries() * given.rows.n);
  for (size_t i = 0; i < scores.size(); ++i) {
    scores[i] = static_cast<float>(given.Exponent(i / given.rows.n, i % given.rows.n));
  }
  given.rows.keys = nullptr;
  given.rows.log_weights = scores.data();
  given.rows.weight_stride = given.rows.n;
  Compare(given, expected, isa, step);
}

void TestScored(Isa isa) {
  for (const Dtype dtype : kDtypes) {
    for (const size_t n : {1, 5, 31, 32, 33, 100}) {
      for (const size_t n_queries : {1, 3, 4, 33}) {
        CheckScored(AttendCase(48, n_queries, n, dtype), isa, n);
      }
    }
  }
  for (const size_t step : {1, 4, 33}) {
    for (const Dtype dtype : kDtypes) CheckScored(AttendCase(72, 4, 100, dtype), isa, step);
  }
  AttendCase neither(5, 1, 3, Dtype::kF32);
  neither.rows.keys = nullptr;
  Softmax softmax(1, 5);
  const AttendQueries queries = {neither.pointers.data(), 1, 5, 1.0f};
  Expect(AttendAdd(queries, neither.rows, isa, &softmax.state) == Status::kInvalidShape, "neither");
}

void TestWeights(Isa isa) {
  constexpr size_t kRows = 45;
  AttendCase given(48, 3, 200, Dtype::kF16);
  Fenced<uint32_t> indices(kRows);
  Fenced<float> log_weights(Normals(3 * kRows, 4));
  for (size_t i = 0; i < kRows; ++i) indices[i] = static_cast<uint32_t>(i * 7 % 200);
  for (size_t i = 0; i < log_weights.size(); ++i) {
    log_weights[i] = i % 5 == 0 ? -kInfinity : 3 * log_weights[i];
  }
  given.rows.indices = indices.data();
  given.rows.n = kRows;
  given.rows.log_weights = log_weights.data();
  given.rows.weight_stride = kRows;
  for (const size_t step : {1, 4, 31, 32, 33, 100}) Check(given, isa, step);
  CheckScored(given, isa, 33);
}

void TestNothing(Isa isa) {
  AttendCase hidden(5, 1, 3, Dtype::kF32);
  const Fenced<float> log_weights(std::vector<float>(3, -kInfinity));
  hidden.rows.log_weights = log_weights.data();
  hidden.rows.weight_stride = 3;
  Check(hidden, isa);
  Check(AttendCase(5, 1, 0, Dtype::kF32), isa);
}

/// The weight of one row whose score is 0 and log weight x, beside a largest score of 0.
float Exponential(float x, Isa isa) {
  const float zero = 0;
  const float* query = &zero;
  AttendRows row;
  row.keys = &zero;
  row.values = &zero;
  row.n = 1;
  row.log_weights = &x;
  row.weight_stride = 1;
  Softmax softmax(1, 1);
  softmax.max[0] = 0;
  AttendAdd({&query, 1, 1, 1.0f}, row, isa, &softmax.state);
  return softmax.sum[0];
}

void TestExponential(Isa isa) {
  for (int i = 0; i <= 4000; ++i) {
    const float x = -87.3f * static_cast<float>(i) / 4000;
    const double expected = std::exp(static_cast<double>(x));
    const auto nearest = static_cast<float>(expected);
    const double ulp = static_cast<double>(std::nextafter(nearest, kInfinity)) - nearest;
    const double error = std::abs(Exponential(x, isa) - expected) / ulp;
    Expect(error <= 2, Text("x=", x, " error=", error, " ulp"));
  }
  Expect(Exponential(-kInfinity, isa) == 0, "of -infinity");
  Expect(Exponential(-1000, isa) == 0, "of -1000");
}

}  // namespace

void TestAttend(Isa isa) {
  for (const size_t head_dim : kDims) {
    Test(Text("attend ", IsaName(isa), " is the softmax at head_dim=", head_dim), [&] {
      for (const Dtype dtype : kDtypes) {
        for (const size_t n : {1, 3, 4, 5, 31, 32, 33, 65}) {
          for (const size_t n_queries : {1, 2, 3, 4, 5, 8}) {
            Check(AttendCase(head_dim, n_queries, n, dtype), isa);
          }
        }
      }
    });
  }
  Test(Text("attend ", IsaName(isa), " shares the rows among more queries than a tile holds"),
       [&] { Check(AttendCase(16, 70, 100, Dtype::kBf16), isa); });
  Test(Text("attend ", IsaName(isa), " takes queries of any length"), [&] {
    for (const Dtype dtype : kDtypes) {
      Check(AttendCase(520, 33, 40, dtype), isa);
      for (const size_t head_dim : {8192, 8193}) Check(AttendCase(head_dim, 3, 5, dtype), isa);
    }
  });
  Test(Text("attend ", IsaName(isa), " takes n_kv=1000, in one call or many"), [&] {
    for (const size_t step : {1000, 31, 333}) {
      for (const Dtype dtype : kDtypes) {
        for (const size_t head_dim : {40, 64, 72, 136}) {
          Check(AttendCase(head_dim, 3, 1000, dtype), isa, step);
        }
      }
    }
  });
  Test(Text("attend ", IsaName(isa), " weighs listed rows and leaves out those of no weight"),
       [&] { TestWeights(isa); });
  Test(Text("attend ", IsaName(isa), " takes known scores in place of keys"),
       [&] { TestScored(isa); });
  Test(Text("attend ", IsaName(isa), " of nothing is zero"), [&] { TestNothing(isa); });
  Test(Text("the exponential of ", IsaName(isa), " is within 2 ulp"),
       [&] { TestExponential(isa); });
}

}  // namespace sparsetune::testing
