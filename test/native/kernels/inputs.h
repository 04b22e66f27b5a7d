#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

#include "core/element.h"
#include "kernels/lsh/lsh.h"

namespace sparsetune::testing {

/// A small seeded generator (mulberry32); the same numbers on every machine.
class Uniform {
 public:
  explicit Uniform(uint32_t seed) : state_(seed) {}
  uint32_t Word();
  /// In [0, 1).
  double Next() { return Word() * 0x1p-32; }

 private:
  uint32_t state_;
};

/// `n` standard normal numbers.
std::vector<float> Normals(size_t n, uint32_t seed);

/// Bytes that end where a page begins which nobody may touch, so that an access beyond them ends
/// the test (on Unix; elsewhere plain memory).
std::shared_ptr<uint8_t> FencedBytes(size_t n);

/// Elements in FencedBytes.
template <typename T>
class Fenced {
 public:
  explicit Fenced(size_t n) : n_(n), bytes_(FencedBytes(n * sizeof(T))) {}
  Fenced(const std::vector<T>& values) : Fenced(values.size()) {
    for (size_t i = 0; i < n_; ++i) data()[i] = values[i];
  }
  T* data() { return reinterpret_cast<T*>(bytes_.get()); }
  const T* data() const { return reinterpret_cast<const T*>(bytes_.get()); }
  size_t size() const { return n_; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }

 private:
  size_t n_;
  std::shared_ptr<uint8_t> bytes_;
};

/// Numbers as stored in `dtype`, and the floats they stand for.
struct Stored {
  Stored(const std::vector<float>& numbers, Dtype type);

  Dtype dtype;
  Fenced<uint8_t> bytes;
  std::vector<float> values;
};

/// Pointers to the rows of [n, length].
std::vector<const float*> RowsOf(const Fenced<float>& matrix, size_t length);

double Dot(const float* a, const float* b, size_t n);
/// Dot product of the magnitudes: the scale of what rounding a dot product may do.
double DotOfMagnitudes(const float* a, const float* b, size_t n);

inline constexpr Dtype kDtypes[] = {Dtype::kF32, Dtype::kF16, Dtype::kBf16};
const char* DtypeName(Dtype dtype);

/// Scores that a selection of the highest must handle, as a change of normal ones at each index.
struct SelectCase {
  const char* title;
  float (*change)(float score, size_t i);
};
extern const std::vector<SelectCase> kSelectCases;

/// [rows, lsh_l] codes: a share `skew` of them is 0, the others are spread evenly.
std::vector<uint16_t> SkewedCodes(const LshParams& params, size_t rows, double skew, uint32_t seed);

/// Head dimensions around the lanes of every instruction set.
inline constexpr size_t kDims[] = {1,  3,  4,  5,  7,  8,  9,   12,  15, 16,
                                   17, 20, 33, 64, 72, 96, 128, 136, 256};

}  // namespace sparsetune::testing
