#include "kernels/top_k/top_k.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/target.h"
#include "kernels/top_k/top_k_isa.h"

namespace sparsetune {
namespace {

constexpr int kDigitBits[] = {11, 11, 10};  ///< of the 32-bit order key, from the top

/// An integer that orders as the float does; both zeros get the same one.
uint32_t OrderKey(float score) {
  const float without_sign = score == 0 ? 0.0f : score;
  uint32_t bits = 0;
  std::memcpy(&bits, &without_sign, sizeof bits);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

float FromOrderKey(uint32_t key) {
  const uint32_t bits = (key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key;
  float score = 0;
  std::memcpy(&score, &bits, sizeof score);
  return score;
}

/// The k-th largest score, digit by digit from the most significant (radix selection); 1 <= k <= n.
TopKCut FindCut(const float* scores, size_t n, size_t k) {
  uint32_t prefix = 0;
  int shift = 32;
  size_t wanted = k;
  for (const int bits : kDigitBits) {
    uint32_t counts[1 << 11] = {};
    const int above = shift;
    shift -= bits;
    const uint32_t digit_mask = (1u << bits) - 1;
    for (size_t i = 0; i < n; ++i) {
      const uint32_t key = OrderKey(scores[i]);
      if (above == 32 || key >> above == prefix) ++counts[key >> shift & digit_mask];
    }
    uint32_t digit = digit_mask;
    while (counts[digit] < wanted) wanted -= counts[digit--];
    prefix = prefix << bits | digit;
  }
  return {FromOrderKey(prefix), wanted};
}

struct Version {
  bool (*any_nan)(const float*, size_t);
  void (*collect)(const float*, size_t, const TopKCut&, uint32_t*);
};

const Version* FindVersion(Isa isa) {
  static constexpr Version kScalar = {AnyNanScalar, CollectScalar};
#if SPARSETUNE_X86_KERNELS
  static constexpr Version kAvx2 = {AnyNanAvx2, CollectAvx2};
  static constexpr Version kAvx512 = {AnyNanAvx512, CollectAvx512};
  if (isa == Isa::kAvx2) return &kAvx2;
  if (isa == Isa::kAvx512) return &kAvx512;
#endif
  return isa == Isa::kScalar ? &kScalar : nullptr;
}

}  // namespace

bool AnyNanScalar(const float* scores, size_t n) {
  return std::any_of(scores, scores + n, [](float score) { return std::isnan(score); });
}

void CollectScalar(const float* scores, size_t n, const TopKCut& cut, uint32_t* indices) {
  size_t n_equal = cut.n_equal;
  for (size_t i = 0; i < n; ++i) {
    const bool is_equal = scores[i] == cut.threshold && n_equal > 0;
    if (is_equal) --n_equal;
    if (is_equal || scores[i] > cut.threshold) *indices++ = static_cast<uint32_t>(i);
  }
}

Status TopK(const float* scores, size_t n, size_t k, Isa isa, uint32_t* indices) {
  const Version* version = FindVersion(isa);
  if (version == nullptr) return Status::kUnsupported;
  if (n > std::numeric_limits<uint32_t>::max()) return Status::kInvalidShape;
  if (version->any_nan(scores, n)) return Status::kInvalidArgument;
  if (k == 0 || n == 0) return Status::kOk;
  if (k >= n) {
    for (size_t i = 0; i < n; ++i) indices[i] = static_cast<uint32_t>(i);
    return Status::kOk;
  }
  version->collect(scores, n, FindCut(scores, n, k), indices);
  return Status::kOk;
}

}  // namespace sparsetune
