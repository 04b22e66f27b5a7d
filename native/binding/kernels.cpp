#include <algorithm>

#include "binding/args.h"
#include "binding/arrays.h"
#include "core/f16.h"
#include "core/philox.h"
#include "kernels/attend/attend.h"
#include "kernels/scores/scores.h"
#include "kernels/top_k/top_k.h"

// The kernels one by one, each version by name, for tests and benchmarks. Sizes are derived from
// the arrays; the callers are our own, so only what would read out of bounds is checked.

namespace sparsetune::binding {
namespace {

void RequireIndices(Napi::Env env, const ArrayView<uint32_t>& indices, size_t n_rows) {
  const bool are_rows = std::all_of(indices.data, indices.data + indices.length,
                                    [n_rows](uint32_t index) { return index < n_rows; });
  Require(env, are_rows, "indices of rows");
}

/// { headDim, queries, keys, indices?, isa } -> [nQueries, n]
Napi::Value JsScores(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto args = info[0].As<Napi::Object>();
  const size_t head_dim = ReadSize(args, "headDim");
  const auto queries = ReadFloats(args.Get("queries"));
  const JsRows keys = ReadRows(args, "keys");
  const auto pointers = RowPointers<const float>(queries.data, queries.length, head_dim);
  ScoreRows rows = {keys.data, keys.dtype, head_dim, nullptr, keys.length / head_dim};
  if (args.Get("indices").IsTypedArray()) {
    const auto indices = ReadUint32s(args.Get("indices"));
    RequireIndices(env, indices, rows.n);
    rows.indices = indices.data;
    rows.n = indices.length;
  }
  std::vector<float> scores(pointers.size() * rows.n);
  ThrowUnlessOk(env, Scores(pointers.data(), pointers.size(), rows, ReadIsa(args.Get("isa")),
                            scores.data(), rows.n));
  return ToJs(env, scores);
}

/// { scores [nRows, n], nRows?, k, isa } -> [nRows, min(k, n)]
Napi::Value JsTopK(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  const auto scores = ReadFloats(args.Get("scores"));
  const size_t n_rows = args.Get("nRows").IsUndefined() ? 1 : ReadSize(args, "nRows");
  const bool are_equal = n_rows > 0 && scores.length % n_rows == 0;
  Require(info.Env(), are_equal && n_rows <= std::max<size_t>(1, scores.length),
          "rows of equal length");
  const size_t n = scores.length / n_rows;
  const size_t k = std::min(ReadSize(args, "k"), n);
  const Isa isa = ReadIsa(args.Get("isa"));
  std::vector<uint32_t> indices(n_rows * k);
  TopKRoom room;
  for (size_t row = 0; row < n_rows; ++row) {
    uint32_t* chosen = indices.data() + row * k;
    ThrowUnlessOk(info.Env(), TopK(scores.data + row * n, n, k, isa, &room, chosen));
  }
  return ToJs(info.Env(), indices);
}

AttendRows ReadAttendRows(Napi::Env env, const Napi::Object& args, size_t head_dim,
                          size_t n_queries) {
  const JsRows keys = ReadRows(args, "keys");
  const JsRows values = ReadRows(args, "values");
  Require(env, keys.length == values.length && keys.dtype == values.dtype, "values as keys");
  AttendRows rows;
  rows.keys = keys.data;
  rows.values = values.data;
  rows.dtype = keys.dtype;
  rows.n = keys.length / head_dim;
  if (args.Get("indices").IsTypedArray()) {
    const auto indices = ReadUint32s(args.Get("indices"));
    RequireIndices(env, indices, rows.n);
    rows.indices = indices.data;
    rows.n = indices.length;
  }
  if (args.Get("logWeights").IsTypedArray()) {
    const auto weights = ReadFloats(args.Get("logWeights"));
    Require(env, weights.length == n_queries * rows.n, "a log weight per query and row");
    rows.log_weights = weights.data;
    rows.weight_stride = rows.n;
  }
  return rows;
}

/// Adds `rows` in calls of at most `step` rows, as a chain does with its runs.
Status AttendInSteps(const AttendQueries& queries, const AttendRows& rows, size_t step, Isa isa,
                     AttendState* state) {
  const size_t row_bytes = queries.head_dim * DtypeBytes(rows.dtype);
  for (size_t first = 0; first < rows.n; first += step) {
    AttendRows part = rows;
    part.n = std::min(step, rows.n - first);
    if (rows.log_weights != nullptr) part.log_weights += first;
    if (rows.indices != nullptr) {
      part.indices += first;
    } else {
      part.keys = static_cast<const uint8_t*>(rows.keys) + first * row_bytes;
      part.values = static_cast<const uint8_t*>(rows.values) + first * row_bytes;
    }
    const Status status = AttendAdd(queries, part, isa, state);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

/// { headDim, queries, keys, values, scale, indices?, logWeights?, step?, isa } -> [nQueries,
/// headDim]
Napi::Value JsAttend(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto args = info[0].As<Napi::Object>();
  const size_t head_dim = ReadSize(args, "headDim");
  const auto floats = ReadFloats(args.Get("queries"));
  const auto pointers = RowPointers<const float>(floats.data, floats.length, head_dim);
  const size_t n = pointers.size();
  const AttendQueries queries = {pointers.data(), n, head_dim,
                                 args.Get("scale").ToNumber().FloatValue()};
  const AttendRows rows = ReadAttendRows(env, args, head_dim, n);
  const size_t step = args.Has("step") ? ReadSize(args, "step") : std::max<size_t>(rows.n, 1);
  std::vector<float> max(n);
  std::vector<float> sum(n);
  std::vector<float> values(n * head_dim);
  std::vector<float> output(n * head_dim);
  AttendState state = {max.data(), sum.data(), values.data()};
  AttendBegin(n, head_dim, &state);
  ThrowUnlessOk(env, AttendInSteps(queries, rows, step, ReadIsa(args.Get("isa")), &state));
  AttendEnd(state, n, head_dim, RowPointers(output.data(), output.size(), head_dim).data());
  return ToJs(env, output);
}

/// (counter of 4 words, key of 2 words, low first) -> 4 words
Napi::Value JsPhilox(const Napi::CallbackInfo& info) {
  const auto counter = ReadUint32s(info[0]);
  const auto key = ReadUint32s(info[1]);
  Require(info.Env(), counter.length == 4 && key.length == 2, "4 counter and 2 key words");
  const PhiloxBlock block =
      Philox({counter.data[0], counter.data[1], counter.data[2], counter.data[3]},
             key.data[0] | static_cast<uint64_t>(key.data[1]) << 32);
  return ToJs(info.Env(), std::vector<uint32_t>(block.begin(), block.end()));
}

Napi::Value JsToHalf(const Napi::CallbackInfo& info) {
  const auto floats = ReadFloats(info[0]);
  std::vector<uint16_t> halves(floats.length);
  std::transform(floats.data, floats.data + floats.length, halves.begin(), FloatToHalf);
  return ToJs(info.Env(), halves);
}

Napi::Value JsFromHalf(const Napi::CallbackInfo& info) {
  const auto halves = ReadUint16s(info[0]);
  std::vector<float> floats(halves.length);
  std::transform(halves.data, halves.data + halves.length, floats.begin(), HalfToFloat);
  return ToJs(info.Env(), floats);
}

}  // namespace

void RegisterKernels(Napi::Env env, Napi::Object exports) {
  auto kernels = Napi::Object::New(env);
  kernels.Set("scores", Napi::Function::New<JsScores>(env, "scores"));
  kernels.Set("topK", Napi::Function::New<JsTopK>(env, "topK"));
  kernels.Set("attend", Napi::Function::New<JsAttend>(env, "attend"));
  kernels.Set("philox", Napi::Function::New<JsPhilox>(env, "philox"));
  kernels.Set("toHalf", Napi::Function::New<JsToHalf>(env, "toHalf"));
  kernels.Set("fromHalf", Napi::Function::New<JsFromHalf>(env, "fromHalf"));
  RegisterLshKernels(env, kernels);
  RegisterSelectionKernels(env, kernels);
  RegisterGroup(env, kernels);
  RegisterGivenLists(env, kernels);
  exports.Set("kernels", kernels);
}

}  // namespace sparsetune::binding
