#pragma once

#include <cstdint>
#include <cstring>

#include "core/f16.h"
#include "core/kv_view.h"

namespace sparsetune {

/// IEEE binary16, as stored.
struct F16 {
  uint16_t bits;
};

/// The upper half of a float, as stored.
struct Bf16 {
  uint16_t bits;
};

inline float ToFloat(float value) { return value; }
inline float ToFloat(F16 value) { return HalfToFloat(value.bits); }
inline float ToFloat(Bf16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float result = 0;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

/// Rounds to nearest even; `value` is not NaN.
template <typename T>
T FromFloat(float value);
template <>
inline float FromFloat<float>(float value) {
  return value;
}
template <>
inline F16 FromFloat<F16>(float value) {
  return {FloatToHalf(value)};
}
template <>
inline Bf16 FromFloat<Bf16>(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return {static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

/// Calls visit(T{}) with the element type of `dtype`.
template <typename Visit>
inline auto WithElement(Dtype dtype, Visit visit) {
  if (dtype == Dtype::kF32) return visit(float{});
  if (dtype == Dtype::kF16) return visit(F16{});
  return visit(Bf16{});
}

/// Element `at` of an array of `dtype`.
inline float ReadElement(const void* elements, Dtype dtype, size_t at) {
  return WithElement(
      dtype, [&](auto type) { return ToFloat(static_cast<const decltype(type)*>(elements)[at]); });
}

}  // namespace sparsetune
