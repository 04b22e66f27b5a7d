#include <algorithm>
#include <vector>

#include "binding/args.h"
#include "binding/arrays.h"
#include "kernels/lsh/buckets.h"
#include "kernels/lsh/centre.h"
#include "kernels/lsh/lsh.h"
#include "kernels/lsh/weights.h"
#include "maskers/lsh_state.h"

// The LSH kernels, for tests and benchmarks; see kernels.cpp.

namespace sparsetune::binding {
namespace {

LshParams ReadLsh(const Napi::Object& args) {
  const LshParams params = {static_cast<uint32_t>(ReadSize(args, "lshL")),
                            static_cast<uint32_t>(ReadSize(args, "lshK"))};
  const bool are_valid =
      params.lsh_l >= 1 && params.lsh_l <= 512 && params.lsh_k >= 1 && params.lsh_k <= 16;
  Require(args.Env(), are_valid, "lshL of 1 to 512 and lshK of 1 to 16");
  return params;
}

/// { headDim, planes, lshL, lshK } -> the planes as JsLshCodes takes them
Napi::Value JsLshPanels(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto args = info[0].As<Napi::Object>();
  const size_t head_dim = ReadSize(args, "headDim");
  const LshParams params = ReadLsh(args);
  const auto planes = ReadFloats(args.Get("planes"));
  const size_t n_planes = static_cast<size_t>(params.lsh_l) * params.lsh_k;
  Require(env, planes.length == n_planes * head_dim, "[lshL, lshK, headDim] planes");
  std::vector<float> panels(LshPanelFloats(params, head_dim));
  LshPackPlanes(planes.data, params, head_dim, panels.data());
  return ToJs(env, panels);
}

/// { headDim, vectors, panels, lshL, lshK, isa, codes [n, lshL] } -> codes
Napi::Value JsLshCodes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto args = info[0].As<Napi::Object>();
  const size_t head_dim = ReadSize(args, "headDim");
  const LshParams params = ReadLsh(args);
  const auto vectors = ReadFloats(args.Get("vectors"));
  const auto panels = ReadFloats(args.Get("panels"));
  const auto codes = ReadUint16s(args.Get("codes"));
  Require(env, panels.length == LshPanelFloats(params, head_dim), "the panels of lshPanels");
  const auto pointers = RowPointers<const float>(vectors.data, vectors.length, head_dim);
  Require(env, codes.length == pointers.size() * params.lsh_l, "[n, lshL] codes");
  ThrowUnlessOk(env, LshCodes(pointers.data(), pointers.size(), head_dim, params, panels.data,
                              ReadIsa(args.Get("isa")), codes.data));
  return args.Get("codes");
}

bool AreBelow(const ArrayView<uint16_t>& codes, uint32_t limit) {
  return std::all_of(codes.data, codes.data + codes.length,
                     [limit](uint16_t code) { return code < limit; });
}

/// { keyCodes [n, lshL], queryCodes [nQueries, lshL], lshL, lshK, minMatches, isa } of a call.
struct JsCodes {
  explicit JsCodes(const Napi::Object& args)
      : params(ReadLsh(args)),
        keys(ReadUint16s(args.Get("keyCodes"))),
        queries(ReadUint16s(args.Get("queryCodes"))),
        n(keys.length / params.lsh_l),
        n_queries(queries.length / params.lsh_l),
        n_blocks((n + kLshBlockKeys - 1) / kLshBlockKeys),
        min_matches(static_cast<uint32_t>(ReadSize(args, "minMatches"))),
        isa(ReadIsa(args.Get("isa"))),
        table(n_blocks * LshBlockBytes(params)) {
    const bool are_codes =
        AreBelow(keys, 1u << params.lsh_k) && AreBelow(queries, 1u << params.lsh_k);
    Require(args.Env(), are_codes, "codes of lshK bits");
    LshStore(keys.data, 0, n, params, table.data());
  }

  LshParams params;
  ArrayView<uint16_t> keys;
  ArrayView<uint16_t> queries;
  size_t n;
  size_t n_queries;
  size_t n_blocks;
  uint32_t min_matches;
  Isa isa;
  std::vector<uint8_t> table;  ///< the keys' codes as LshTable has them
};

/// JsCodes -> [nQueries, n] zeros and ones
Napi::Value JsLshMatch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const JsCodes codes(info[0].As<Napi::Object>());
  std::vector<uint64_t> bits(codes.n_queries * codes.n_blocks);
  ThrowUnlessOk(
      env, LshMatch({codes.params, codes.table.data(), codes.n}, codes.queries.data,
                    codes.n_queries, codes.min_matches, 0, codes.n_blocks, codes.isa, bits.data()));
  std::vector<uint32_t> matches(codes.n_queries * codes.n);
  for (size_t i = 0; i < matches.size(); ++i) {
    const size_t key = i % codes.n;
    matches[i] = bits[i / codes.n * codes.n_blocks + key / 64] >> key % 64 & 1;
  }
  return ToJs(env, matches);
}

/// The keys of `codes` by bucket.
struct Sorted {
  std::vector<uint32_t> starts;
  std::vector<uint16_t> units;
};

Sorted SortKeys(const LshTable& codes) {
  Sorted sorted = {std::vector<uint32_t>(LshStartCount(codes.params)), {}};
  sorted.units.resize(codes.params.lsh_l * LshTableUnits(codes.n_keys));
  std::vector<uint16_t> room(2 * codes.n_keys);
  size_t used = 0;
  for (size_t t = 0; t < codes.params.lsh_l; ++t) {
    used = LshSortTable(codes, t, codes.n_keys, used, room.data(), sorted.starts.data(),
                        sorted.units.data());
  }
  sorted.units.resize(used);
  return sorted;
}

/// JsCodes with n a multiple of 64 -> { matches [nQueries, n] zeros and ones, bytes read,
/// isRestored: LshUnsort gives the codes }
Napi::Value JsLshLookUp(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const JsCodes codes(info[0].As<Napi::Object>());
  const size_t n = codes.n;
  Require(env, n > 0 && n % kLshBlockKeys == 0 && n <= kLshRunKeys, "a multiple of 64 keys");
  const Sorted sorted = SortKeys({codes.params, codes.table.data(), n});
  const LshBuckets run = {codes.params, sorted.starts.data(), sorted.units.data(), n};
  std::vector<uint8_t> counts(n);
  std::vector<uint64_t> bits(codes.n_queries * n / 64);
  ThrowUnlessOk(env, LshLookUp(run, codes.queries.data, codes.n_queries, codes.min_matches,
                               codes.isa, counts.data(), bits.data(), n / 64));
  std::vector<uint32_t> matches(codes.n_queries * n);
  for (size_t i = 0; i < matches.size(); ++i) matches[i] = bits[i / 64] >> i % 64 & 1;
  std::vector<uint8_t> unsorted(codes.table.size());
  LshUnsort(run, unsorted.data());
  auto result = Napi::Object::New(env);
  result.Set("matches", ToJs(env, matches));
  result.Set("bytes",
             static_cast<double>(LshLookUpBytes(run, codes.queries.data, codes.n_queries)));
  result.Set("isRestored", unsorted == codes.table);
  return result;
}

/// { scores [n], norms [n], norm, dotMean, lshL, lshK, minMatches, isa } -> -ln p [n]
Napi::Value JsLshLogWeights(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto args = info[0].As<Napi::Object>();
  const auto scores = ReadFloats(args.Get("scores"));
  const auto norms = ReadFloats(args.Get("norms"));
  Require(env, norms.length == scores.length, "a norm for each score");
  const LshQuery query = {args.Get("norm").ToNumber().DoubleValue(),
                          args.Get("dotMean").ToNumber().DoubleValue()};
  const auto min_matches = static_cast<uint32_t>(ReadSize(args, "minMatches"));
  Require(env, min_matches == 1 || min_matches == 2, "minMatches 1 or 2");
  LshCurve curve;
  MakeLshCurve(ReadLsh(args), min_matches, &curve);
  std::vector<float> weights(scores.data, scores.data + scores.length);
  ThrowUnlessOk(env, LshLogWeights(query, norms.data, norms.length, curve, ReadIsa(args.Get("isa")),
                                   weights.data()));
  return ToJs(env, weights);
}

/// { keys [n, headDim], mean [headDim], dtype?, isa } -> { centred [n, headDim], norms [n], sums
/// [headDim] }
Napi::Value JsLshCentre(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto args = info[0].As<Napi::Object>();
  const auto mean = ReadFloats(args.Get("mean"));
  const JsRows keys = ReadRows(args, "keys");
  LshRows rows;
  rows.keys = keys.data;
  rows.dtype = keys.dtype;
  rows.head_dim = mean.length;
  rows.n = keys.length / mean.length;
  const Isa isa = ReadIsa(args.Get("isa"));
  std::vector<float> centred(rows.n * rows.head_dim);
  std::vector<float> norms(rows.n);
  std::vector<double> sums(rows.head_dim, 0.0);
  ThrowUnlessOk(env, LshCentre(rows, mean.data, isa, centred.data(), norms.data()));
  ThrowUnlessOk(env, LshAddRows(rows, isa, sums.data()));
  auto result = Napi::Object::New(env);
  result.Set("centred", ToJs(env, centred));
  result.Set("norms", ToJs(env, norms));
  result.Set("sums", ToJs(env, std::vector<float>(sums.begin(), sums.end())));
  return result;
}

/// (cosine, lshL, lshK, minMatches) -> ln p
Napi::Value JsLshLogProbability(const Napi::CallbackInfo& info) {
  const LshParams params = {static_cast<uint32_t>(ReadSize(info[1])),
                            static_cast<uint32_t>(ReadSize(info[2]))};
  return Napi::Number::New(info.Env(), LshLogProbability(info[0].ToNumber().DoubleValue(), params,
                                                         static_cast<uint32_t>(ReadSize(info[3]))));
}

/// { seed, layer, lshL, lshK, headDim } -> [lshL, lshK, headDim]
Napi::Value JsLshPlanes(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  return ToJs(info.Env(),
              LshPlanes(ReadSize(args, "seed"), static_cast<uint32_t>(ReadSize(args, "layer")),
                        ReadLsh(args), ReadSize(args, "headDim")));
}

}  // namespace

void RegisterLshKernels(Napi::Env env, Napi::Object kernels) {
  kernels.Set("lshPanels", Napi::Function::New<JsLshPanels>(env, "lshPanels"));
  kernels.Set("lshCodes", Napi::Function::New<JsLshCodes>(env, "lshCodes"));
  kernels.Set("lshMatch", Napi::Function::New<JsLshMatch>(env, "lshMatch"));
  kernels.Set("lshLookUp", Napi::Function::New<JsLshLookUp>(env, "lshLookUp"));
  kernels.Set("lshLogWeights", Napi::Function::New<JsLshLogWeights>(env, "lshLogWeights"));
  kernels.Set("lshCentre", Napi::Function::New<JsLshCentre>(env, "lshCentre"));
  kernels.Set("lshLogProbability",
              Napi::Function::New<JsLshLogProbability>(env, "lshLogProbability"));
  kernels.Set("lshPlanes", Napi::Function::New<JsLshPlanes>(env, "lshPlanes"));
}

}  // namespace sparsetune::binding
