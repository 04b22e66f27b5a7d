#include "kernels/quantized_scores/quantized_scores.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/versions.h"
#include "kernels/quantized_scores/quantized_scores_isa.h"

namespace sparsetune {
namespace {

constexpr float kLargestCode = 127;
constexpr float kSmallest = 1e-30f;
constexpr uint8_t kZero = 128;
constexpr size_t kGroup = 4;  ///< channels of a key side by side

float LargestMagnitude(const float* vector, size_t n) {
  float largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(vector[i]));
  return largest > kSmallest ? largest : 0;
}

/// Where channel i of the key at `slot` stands in its block.
size_t At(size_t slot, size_t i) {
  return i / kGroup * kQuantBlockKeys * kGroup + slot * kGroup + i % kGroup;
}

}  // namespace

void ClearQuantBlock(size_t head_dim, uint8_t* block) {
  const size_t n_elements = kQuantBlockKeys * QuantChannels(head_dim);
  std::memset(block, kZero, n_elements);
  std::memset(block + n_elements, 0, QuantBlockBytes(head_dim) - n_elements);
}

void QuantizeKey(const float* key, size_t head_dim, size_t slot, uint8_t* block) {
  const float largest = LargestMagnitude(key, head_dim);
  const float factor = largest > 0 ? kLargestCode / largest : 0;
  for (size_t i = 0; i < head_dim; ++i) {
    block[At(slot, i)] = static_cast<uint8_t>(kZero + std::lrint(key[i] * factor));
  }
  const float scale = largest / kLargestCode;
  std::memcpy(block + kQuantBlockKeys * QuantChannels(head_dim) + slot * sizeof scale, &scale,
              sizeof scale);
}

int32_t QuantizeQuery(const float* query, size_t head_dim, int8_t* codes) {
  const float largest = LargestMagnitude(query, head_dim);
  const float factor = largest > 0 ? kLargestCode / largest : 0;
  std::fill_n(codes, QuantChannels(head_dim), int8_t{0});
  int32_t sum = 0;
  for (size_t i = 0; i < head_dim; ++i) {
    codes[i] = static_cast<int8_t>(std::lrint(query[i] * factor));
    sum += codes[i];
  }
  return sum;
}

void QuantizedScoresScalar(const QuantizedQueries& queries, const QuantizedKeys& keys,
                           float* scores, size_t stride) {
  const size_t channels = QuantChannels(keys.head_dim);
  for (size_t key = 0; key < keys.n_blocks * kQuantBlockKeys; ++key) {
    const size_t slot = key % kQuantBlockKeys;
    const uint8_t* block = keys.blocks + key / kQuantBlockKeys * QuantBlockBytes(keys.head_dim);
    float scale = 0;
    std::memcpy(&scale, block + kQuantBlockKeys * channels + slot * sizeof scale, sizeof scale);
    for (size_t g = 0; g < queries.n; ++g) {
      const int8_t* codes = queries.codes + g * channels;
      int32_t sum = 0;
      for (size_t i = 0; i < channels; ++i) sum += codes[i] * (block[At(slot, i)] - kZero);
      scores[g * stride + key] = static_cast<float>(sum) * scale;
    }
  }
}

Status QuantizedScores(const QuantizedQueries& queries, const QuantizedKeys& keys, Isa isa,
                       float* scores, size_t stride) {
  if (queries.n == 0 || keys.head_dim == 0 || keys.head_dim > 65536 ||
      stride < keys.n_blocks * kQuantBlockKeys) {
    return Status::kInvalidShape;
  }
  auto version = SPARSETUNE_VERSION(QuantizedScores, isa);
  if (version == nullptr) return Status::kUnsupported;
#if SPARSETUNE_X86_KERNELS
  if (isa == Isa::kAvx512 && HasByteDots()) version = QuantizedScoresVnni;
#elif SPARSETUNE_ARM64_BYTE_DOTS
  if (isa == Isa::kNeon && HasByteDots()) version = QuantizedScoresNeonDots;
#endif
  version(queries, keys, scores, stride);
  return Status::kOk;
}

}  // namespace sparsetune
