#include "inputs.h"

#include <cmath>
#include <limits>
#include <new>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace sparsetune::testing {

uint32_t Uniform::Word() {
  state_ += 0x6d2b79f5u;
  uint32_t word = (state_ ^ state_ >> 15) * (state_ | 1u);
  word ^= word + (word ^ word >> 7) * (word | 61u);
  return word ^ word >> 14;
}

std::vector<float> Normals(size_t n, uint32_t seed) {
  constexpr double kTwoPi = 6.283185307179586;
  Uniform uniform(seed);
  std::vector<float> numbers(n);
  for (float& number : numbers) {
    const double radius = std::sqrt(-2 * std::log(1 - uniform.Next()));
    number = static_cast<float>(radius * std::cos(kTwoPi * uniform.Next()));
  }
  return numbers;
}

#if defined(__unix__) || defined(__APPLE__)
std::shared_ptr<uint8_t> FencedBytes(size_t n) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t room = (n + page - 1) / page * page;
  void* memory = mmap(nullptr, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* first = static_cast<uint8_t*>(memory);
  mprotect(first + room, page, PROT_NONE);
  return {first + (room - n),
          [first, room, page](uint8_t* /*bytes*/) { munmap(first, room + page); }};
}
#else
std::shared_ptr<uint8_t> FencedBytes(size_t n) {
  return {new uint8_t[n + 1](), [](uint8_t* bytes) { delete[] bytes; }};
}
#endif

Stored::Stored(const std::vector<float>& numbers, Dtype type)
    : dtype(type), bytes(numbers.size() * DtypeBytes(type)), values(numbers.size()) {
  WithElement(dtype, [&](auto element) {
    using T = decltype(element);
    T* stored = reinterpret_cast<T*>(bytes.data());
    for (size_t i = 0; i < numbers.size(); ++i) {
      stored[i] = FromFloat<T>(numbers[i]);
      values[i] = ToFloat(stored[i]);
    }
  });
}

std::vector<const float*> RowsOf(const Fenced<float>& matrix, size_t length) {
  std::vector<const float*> rows;
  for (size_t at = 0; at < matrix.size(); at += length) rows.push_back(matrix.data() + at);
  return rows;
}

double Dot(const float* a, const float* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

double DotOfMagnitudes(const float* a, const float* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::abs(static_cast<double>(a[i]) * b[i]);
  return sum;
}

const char* DtypeName(Dtype dtype) {
  if (dtype == Dtype::kF32) return "f32";
  return dtype == Dtype::kF16 ? "f16" : "bf16";
}

const std::vector<SelectCase> kSelectCases = {
    {"normal scores", [](float score, size_t) { return score; }},
    {"few distinct scores", [](float score, size_t) { return std::round(score); }},
    {"all equal scores", [](float, size_t) { return -3.0f; }},
    {"rising scores", [](float, size_t i) { return static_cast<float>(i); }},
    {"falling scores", [](float, size_t i) { return -static_cast<float>(i); }},
    {"mixed zeros", [](float, size_t i) { return i % 3 == 0 ? -0.0f : 0.0f; }},
    {"infinities",
     [](float score, size_t i) {
       if (i % 4 == 0) return -std::numeric_limits<float>::infinity();
       return i % 7 == 0 ? std::numeric_limits<float>::infinity() : score;
     }},
    {"tiny and subnormal scores", [](float score, size_t) { return score * 1e-42f; }},
};

std::vector<uint16_t> SkewedCodes(const LshParams& params, size_t rows, double skew,
                                  uint32_t seed) {
  Uniform uniform(seed);
  std::vector<uint16_t> codes(rows * params.lsh_l);
  for (uint16_t& code : codes) {
    const bool is_zero = uniform.Next() < skew;
    const uint32_t other = uniform.Word() >> (32 - params.lsh_k);
    code = static_cast<uint16_t>(is_zero ? 0 : other);
  }
  return codes;
}

}  // namespace sparsetune::testing
