#pragma once

#include <napi.h>

#include <cstddef>
#include <string>
#include <vector>

#include "core/kv_view.h"
#include "core/status.h"

namespace sparsetune::binding {

/// The elements of a JavaScript typed array, where it lies; valid while the array is.
template <typename T>
struct ArrayView {
  T* data = nullptr;
  size_t length = 0;
};

ArrayView<float> ReadFloats(const Napi::Value& value);
ArrayView<uint16_t> ReadUint16s(const Napi::Value& value);
ArrayView<uint32_t> ReadUint32s(const Napi::Value& value);

/// A copy of the elements as a new typed array.
Napi::Float32Array ToJs(Napi::Env env, const std::vector<float>& values);
Napi::Uint16Array ToJs(Napi::Env env, const std::vector<uint16_t>& values);
Napi::Uint32Array ToJs(Napi::Env env, const std::vector<uint32_t>& values);

/// A non-negative integer that TypeScript has validated.
size_t ReadSize(const Napi::Value& value);
size_t ReadSize(const Napi::Object& object, const char* name);

/// Keys or values as they are: Float32Array, or Uint16Array of binary16 or, where `dtype` of the
/// same object is 'bf16', of bfloat16.
struct JsRows {
  const void* data = nullptr;
  Dtype dtype = Dtype::kF32;
  size_t length = 0;
};
JsRows ReadRows(const Napi::Object& args, const char* name);

/// Where the rows of a matrix begin; what is left of a row at the end is not one.
template <typename T>
std::vector<T*> RowPointers(T* data, size_t length, size_t head_dim) {
  std::vector<T*> rows;
  for (size_t at = 0; at + head_dim <= length; at += head_dim) rows.push_back(data + at);
  return rows;
}

/// A RangeError with code ERR_SHAPE, "Expected <expected>", unless `is_true`.
void Require(Napi::Env env, bool is_true, const char* expected);

/// A RangeError with code ERR_ARGUMENT that names `name` where a value is not finite or larger than
/// `limit` in magnitude.
void RequireFinite(Napi::Env env, const char* name, const ArrayView<float>& values, float limit);

/// Throws what `status` means unless it is kOk; `detail` is what a device said, or empty.
void ThrowUnlessOk(Napi::Env env, Status status, const std::string& detail = "");

}  // namespace sparsetune::binding
