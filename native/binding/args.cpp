#include "binding/args.h"

#include "binding/learned.h"
#include "maskers/masker_kind.h"

namespace sparsetune::binding {
namespace {

template <typename ErrorType>
[[noreturn]] void Throw(Napi::Env env, const char* code, const std::string& message) {
  auto error = ErrorType::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  throw error;
}

MaskerKind ReadKind(Napi::Env env, const std::string& name) {
  MaskerKind kind = MaskerKind::kSink;
  if (FindMaskerKind(name.c_str(), &kind)) return kind;
  ThrowType(env, "ERR_CONFIG", "Unknown masker kind \"" + name + "\"");
}

void ReadCount(const Napi::Object& masker, const char* stem, KeyCount* count) {
  const std::string size = std::string(stem) + "Size";
  const std::string fraction = std::string(stem) + "Fraction";
  if (masker.Has(size)) *count = {false, masker.Get(size).As<Napi::Number>().DoubleValue()};
  if (masker.Has(fraction)) *count = {true, masker.Get(fraction).As<Napi::Number>().DoubleValue()};
}

uint32_t ReadUint(const Napi::Object& object, const char* name, uint32_t fallback) {
  const Napi::Value value = object.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().Uint32Value() : fallback;
}

double ReadDouble(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
}

MaskerConfig ReadMasker(const Napi::Object& object) {
  MaskerConfig masker;
  masker.kind = ReadKind(object.Env(), object.Get("kind").ToString().Utf8Value());
  ReadCount(object, "sink", &masker.size);
  ReadCount(object, "window", &masker.size);
  ReadCount(object, "heavy", &masker.size);
  ReadCount(object, "base", &masker.size);
  ReadCount(object, "initOffset", &masker.init_offset);
  ReadCount(object, "localOffset", &masker.local_offset);
  const Napi::Value score_dtype = object.Get("scoreDtype");
  if (score_dtype.IsString() && score_dtype.As<Napi::String>().Utf8Value() == "int8") {
    masker.score_dtype = ScoreDtype::kInt8;
  }
  masker.top_p = ReadDouble(object, "topP");
  masker.page_size = ReadUint(object, "pageSize", masker.page_size);
  masker.label_bits = ReadUint(object, "labelBits",
                               masker.kind == MaskerKind::kDoubleSparsity ? 4 : masker.label_bits);
  masker.group_factor = ReadUint(object, "groupFactor", 16);
  masker.sampling_rate = ReadDouble(object, "samplingRate");
  masker.epsilon = ReadDouble(object, "epsilon");
  masker.delta = ReadDouble(object, "delta");
  ReadLearned(object, &masker);
  masker.lsh_l = ReadUint(object, "lshL", masker.lsh_l);
  masker.lsh_k = ReadUint(object, "lshK", masker.lsh_k);
  masker.min_matches = ReadUint(object, "minMatches", masker.min_matches);
  const Napi::Value center = object.Get("center");
  if (center.IsString()) masker.center = center.As<Napi::String>().Utf8Value() != "none";
  const Napi::Value packing = object.Get("packing");
  if (packing.IsString() && packing.As<Napi::String>().Utf8Value() == "float32") {
    masker.packing = LshPacking::kFloat32;
  }
  return masker;
}

}  // namespace

void ThrowType(Napi::Env env, const char* code, const std::string& message) {
  Throw<Napi::TypeError>(env, code, message);
}

void ThrowRange(Napi::Env env, const char* code, const std::string& message) {
  Throw<Napi::RangeError>(env, code, message);
}

void ThrowError(Napi::Env env, const char* code, const std::string& message) {
  Throw<Napi::Error>(env, code, message);
}

ChainConfig ReadChain(const Napi::Value& value) {
  ChainConfig chain;
  const auto object = value.As<Napi::Object>();
  const auto maskers = object.Get("maskers").As<Napi::Array>();
  for (uint32_t i = 0; i < maskers.Length(); ++i) {
    chain.maskers.push_back(ReadMasker(maskers.Get(i).As<Napi::Object>()));
  }
  const Napi::Value share = object.Get("share");
  if (share.IsString()) {
    const bool is_group = share.As<Napi::String>().Utf8Value() == "group";
    chain.share = is_group ? Share::kGroup : Share::kHead;
  }
  const Napi::Value semantics = object.Get("semantics");
  if (semantics.IsString() && semantics.As<Napi::String>().Utf8Value() == "hub") {
    chain.semantics = Semantics::kHub;
  }
  const Napi::Value seed = object.Get("seed");
  if (seed.IsNumber()) chain.seed = static_cast<uint64_t>(seed.As<Napi::Number>().Int64Value());
  return chain;
}

Dtype ReadDtype(const Napi::Value& value) {
  const std::string name = value.ToString().Utf8Value();
  if (name == "f16") return Dtype::kF16;
  return name == "bf16" ? Dtype::kBf16 : Dtype::kF32;
}

Isa ReadIsa(const Napi::Value& value) {
  if (value.IsUndefined() || value.IsNull()) return BestIsa();
  const std::string name = value.ToString().Utf8Value();
  Isa isa = Isa::kScalar;
  if (!FindIsa(name.c_str(), &isa)) {
    ThrowType(value.Env(), "ERR_ARGUMENT",
              "Expected \"scalar\", \"avx2\", \"avx512\" or \"neon\" for isa but received \"" +
                  name + "\"");
  }
  if (!SupportsIsa(isa)) {
    ThrowRange(value.Env(), "ERR_ARGUMENT", "This CPU has no " + name + "; leave isa out");
  }
  return isa;
}

}  // namespace sparsetune::binding
