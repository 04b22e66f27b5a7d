#include "binding/arrays.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "binding/args.h"

namespace sparsetune::binding {
namespace {

std::string Digits(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  return text;
}

template <typename T>
ArrayView<T> ReadView(const Napi::Value& value, napi_typedarray_type expected) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  const napi_status status =
      value.IsTypedArray()
          ? napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr)
          : napi_invalid_arg;
  if (status != napi_ok || type != expected) {
    ThrowType(value.Env(), "ERR_ARGUMENT", "Expected a typed array of another element type");
  }
  return {static_cast<T*>(data), length};
}

template <typename Array, typename T>
Array ToTypedArray(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

/// Where values[i] is not finite or beyond the limit, or length.
size_t FindBad(const ArrayView<float>& values, float limit) {
  const float* bad = std::find_if(values.data, values.data + values.length,
                                  [limit](float x) { return !(std::abs(x) <= limit); });
  return static_cast<size_t>(bad - values.data);
}

}  // namespace

ArrayView<float> ReadFloats(const Napi::Value& value) {
  return ReadView<float>(value, napi_float32_array);
}
ArrayView<uint16_t> ReadUint16s(const Napi::Value& value) {
  return ReadView<uint16_t>(value, napi_uint16_array);
}
ArrayView<uint32_t> ReadUint32s(const Napi::Value& value) {
  return ReadView<uint32_t>(value, napi_uint32_array);
}

Napi::Float32Array ToJs(Napi::Env env, const std::vector<float>& values) {
  return ToTypedArray<Napi::Float32Array>(env, values);
}
Napi::Uint16Array ToJs(Napi::Env env, const std::vector<uint16_t>& values) {
  return ToTypedArray<Napi::Uint16Array>(env, values);
}
Napi::Uint32Array ToJs(Napi::Env env, const std::vector<uint32_t>& values) {
  return ToTypedArray<Napi::Uint32Array>(env, values);
}

size_t ReadSize(const Napi::Value& value) {
  return static_cast<size_t>(value.As<Napi::Number>().DoubleValue());
}

size_t ReadSize(const Napi::Object& object, const char* name) { return ReadSize(object.Get(name)); }

JsRows ReadRows(const Napi::Object& args, const char* name) {
  const Napi::Value value = args.Get(name);
  if (value.As<Napi::TypedArray>().TypedArrayType() == napi_uint16_array) {
    const auto halves = ReadUint16s(value);
    const bool is_bf16 = ReadDtype(args.Get("dtype")) == Dtype::kBf16;
    return {halves.data, is_bf16 ? Dtype::kBf16 : Dtype::kF16, halves.length};
  }
  const auto floats = ReadFloats(value);
  return {floats.data, Dtype::kF32, floats.length};
}

void Require(Napi::Env env, bool is_true, const char* expected) {
  if (!is_true) ThrowRange(env, "ERR_SHAPE", std::string("Expected ") + expected);
}

void RequireFinite(Napi::Env env, const char* name, const ArrayView<float>& values, float limit) {
  const size_t bad = FindBad(values, limit);
  if (bad == values.length) return;
  const float value = values.data[bad];
  const std::string expected = std::isfinite(value)
                                   ? "numbers of magnitude at most " + Digits(limit)
                                   : std::string("finite numbers");
  ThrowRange(env, "ERR_ARGUMENT",
             "Expected " + expected + " for " + name + " but received " + Digits(value) +
                 " at index " + std::to_string(bad));
}

void ThrowUnlessOk(Napi::Env env, Status status, const std::string& detail) {
  switch (status) {
    case Status::kOk:
      return;
    case Status::kInvalidShape:
      ThrowRange(env, "ERR_SHAPE", "Sizes disagree with each other or are out of bounds");
    case Status::kInvalidArgument:
      ThrowRange(env, "ERR_ARGUMENT",
                 "A parameter is out of its range, or a score is not a number (finite but huge "
                 "queries and keys overflow)");
    case Status::kUnsupported:
      ThrowError(env, "ERR_CONFIG", "This masker kind or instruction set is not available here");
    case Status::kOutOfMemory:
      ThrowRange(env, "ERR_CAPACITY",
                 detail.empty() ? "Out of memory"
                                : "Out of memory on the GPU (" + detail +
                                      "): dispose of caches that are not needed, or take device: "
                                      "\"cpu\"");
    case Status::kDevice:
      ThrowError(env, "ERR_DEVICE", "A call of CUDA failed: " + detail);
  }
}

}  // namespace sparsetune::binding
