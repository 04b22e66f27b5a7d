#include <vector>

#include "binding/args.h"
#include "binding/arrays.h"
#include "core/bits.h"
#include "core/target.h"
#include "kernels/pages/pages.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"
#include "kernels/sampling/budget.h"
#include "kernels/sampling/quantile.h"
#include "kernels/sampling/sampling.h"
#include "kernels/signatures/signatures.h"
#include "kernels/top_p/top_p.h"

// The kernels that choose keys, for tests and benchmarks; see kernels.cpp.

namespace sparsetune::binding {
namespace {

double ReadDouble(const Napi::Object& args, const char* name) {
  return args.Get(name).ToNumber().DoubleValue();
}

/// { headDim, queries, bounds [n, 2, headDim] (Float32Array or Uint16Array of binary16), isa }
/// -> [nQueries, n]
Napi::Value JsPageScores(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  const size_t head_dim = ReadSize(args, "headDim");
  const auto queries = ReadFloats(args.Get("queries"));
  const auto bounds = args.Get("bounds").As<Napi::TypedArray>();
  PageBounds pages;
  pages.head_dim = head_dim;
  pages.n = bounds.ElementLength() / (2 * head_dim);
  if (bounds.TypedArrayType() == napi_uint16_array) {
    pages.dtype = Dtype::kF16;
    pages.bounds = ReadUint16s(bounds).data;
  } else {
    pages.bounds = ReadFloats(bounds).data;
  }
  std::vector<const float*> pointers;
  for (size_t at = 0; at < queries.length; at += head_dim) pointers.push_back(queries.data + at);
  std::vector<float> scores(pointers.size() * pages.n);
  std::vector<float> room(2 * queries.length);
  ThrowUnlessOk(info.Env(),
                PageScores(pointers.data(), pointers.size(), pages, ReadIsa(args.Get("isa")),
                           room.data(), scores.data(), pages.n));
  return ToJs(info.Env(), scores);
}

/// { nWords, query [2 nWords], keys [n, 2 nWords], isa } -> [n]; a word is two Uint32, low first
Napi::Value JsSignatureScores(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  const size_t n_words = ReadSize(args, "nWords");
  const auto words = [](const ArrayView<uint32_t>& halves) {
    std::vector<uint64_t> joined(halves.length / 2);
    for (size_t i = 0; i < joined.size(); ++i) {
      joined[i] = halves.data[2 * i] | static_cast<uint64_t>(halves.data[2 * i + 1]) << 32;
    }
    return joined;
  };
  const auto query = words(ReadUint32s(args.Get("query")));
  const auto keys = words(ReadUint32s(args.Get("keys")));
  if (n_words == 0 || query.size() != n_words) {
    ThrowUnlessOk(info.Env(), Status::kInvalidShape);
  }
  std::vector<float> scores(keys.size() / n_words);
  ThrowUnlessOk(info.Env(), SignatureScores(query.data(), keys.data(), n_words, scores.size(),
                                            ReadIsa(args.Get("isa")), scores.data()));
  return ToJs(info.Env(), scores);
}

/// { headDim, queries, keys, isa, vnni? } -> [nQueries, n]; vnni: false leaves out that extension
Napi::Value JsQuantizedScores(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  const size_t head_dim = ReadSize(args, "headDim");
  const auto queries = ReadFloats(args.Get("queries"));
  const auto keys = ReadFloats(args.Get("keys"));
  const size_t n = keys.length / head_dim;
  const size_t n_blocks = (n + kQuantBlockKeys - 1) / kQuantBlockKeys;
  std::vector<uint8_t> blocks(n_blocks * QuantBlockBytes(head_dim));
  for (size_t b = 0; b < n_blocks; ++b) {
    ClearQuantBlock(head_dim, blocks.data() + b * QuantBlockBytes(head_dim));
  }
  for (size_t i = 0; i < n; ++i) {
    QuantizeKey(keys.data + i * head_dim, head_dim, i % kQuantBlockKeys,
                blocks.data() + i / kQuantBlockKeys * QuantBlockBytes(head_dim));
  }
  const size_t n_queries = queries.length / head_dim;
  std::vector<int8_t> codes(n_queries * QuantChannels(head_dim));
  std::vector<int32_t> sums(n_queries);
  for (size_t g = 0; g < n_queries; ++g) {
    sums[g] = QuantizeQuery(queries.data + g * head_dim, head_dim,
                            codes.data() + g * QuantChannels(head_dim));
  }
  const size_t stride = n_blocks * kQuantBlockKeys;
  std::vector<float> scores(n_queries * stride);
  const QuantizedQueries group = {codes.data(), sums.data(), n_queries};
  const QuantizedKeys table = {blocks.data(), head_dim, n_blocks};
  const Isa isa = ReadIsa(args.Get("isa"));
  const Napi::Value vnni = args.Get("vnni");
  if (isa == Isa::kAvx512 && vnni.IsBoolean() && !vnni.ToBoolean()) {
#if SPARSETUNE_X86_KERNELS
    QuantizedScoresAvx512(group, table, scores.data(), stride);
#endif
  } else {
    ThrowUnlessOk(info.Env(), QuantizedScores(group, table, isa, scores.data(), stride));
  }
  std::vector<float> result(n_queries * n);
  for (size_t i = 0; i < result.size(); ++i) result[i] = scores[i / n * stride + i % n];
  return ToJs(info.Env(), result);
}

/// { scores, scale, topP } -> indices
Napi::Value JsTopP(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  const auto scores = ReadFloats(args.Get("scores"));
  std::vector<ScoredKey> room(scores.length);
  std::vector<uint32_t> chosen(scores.length);
  size_t n = 0;
  ThrowUnlessOk(info.Env(),
                TopP(scores.data, scores.length, static_cast<float>(ReadDouble(args, "scale")),
                     ReadDouble(args, "topP"), room.data(), chosen.data(), &n));
  chosen.resize(n);
  return ToJs(info.Env(), chosen);
}

/// { seed, domain, layer, qHead, position, population, n, isa } -> ascending numbers
Napi::Value JsSampleWithoutReplacement(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  const auto read = [&](const char* name) { return static_cast<uint32_t>(ReadSize(args, name)); };
  const DrawKey key = {ReadSize(args, "seed"), static_cast<DrawDomain>(read("domain")),
                       read("layer"), read("qHead"), read("position")};
  const uint32_t population = read("population");
  std::vector<uint64_t> bits((static_cast<size_t>(population) + 63) / 64);
  SampleWithoutReplacement(key, population, read("n"), ReadIsa(args.Get("isa")), bits.data());
  std::vector<uint32_t> numbers;
  ForEachBit(bits.data(), bits.size(),
             [&](size_t number) { numbers.push_back(static_cast<uint32_t>(number)); });
  return ToJs(info.Env(), numbers);
}

/// { epsilon, quantile, certain, mean, deviation, nBase, population } -> count
Napi::Value JsSampleBudget(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  BudgetInput input;
  input.epsilon = ReadDouble(args, "epsilon");
  input.quantile = ReadDouble(args, "quantile");
  input.certain = ReadDouble(args, "certain");
  input.mean = ReadDouble(args, "mean");
  input.deviation = ReadDouble(args, "deviation");
  input.n_base = ReadSize(args, "nBase");
  input.population = ReadSize(args, "population");
  return Napi::Number::New(info.Env(), static_cast<double>(SampleBudget(input)));
}

Napi::Value JsNormalQuantile(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), NormalQuantile(info[0].ToNumber().DoubleValue()));
}

Napi::Value JsStudentQuantile(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), StudentQuantile(info[0].ToNumber().DoubleValue(),
                                                       info[1].ToNumber().DoubleValue()));
}

}  // namespace

void RegisterSelectionKernels(Napi::Env env, Napi::Object kernels) {
  kernels.Set("pageScores", Napi::Function::New<JsPageScores>(env, "pageScores"));
  kernels.Set("signatureScores", Napi::Function::New<JsSignatureScores>(env, "signatureScores"));
  kernels.Set("quantizedScores", Napi::Function::New<JsQuantizedScores>(env, "quantizedScores"));
  kernels.Set("topP", Napi::Function::New<JsTopP>(env, "topP"));
  kernels.Set("sampleWithoutReplacement",
              Napi::Function::New<JsSampleWithoutReplacement>(env, "sampleWithoutReplacement"));
  kernels.Set("sampleBudget", Napi::Function::New<JsSampleBudget>(env, "sampleBudget"));
  kernels.Set("normalQuantile", Napi::Function::New<JsNormalQuantile>(env, "normalQuantile"));
  kernels.Set("studentQuantile", Napi::Function::New<JsStudentQuantile>(env, "studentQuantile"));
}

}  // namespace sparsetune::binding
