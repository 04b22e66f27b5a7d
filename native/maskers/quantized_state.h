#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/quantized_scores/quantized_scores.h"
#include "maskers/key_index.h"

namespace sparsetune {

/// top_k with int8 scores: the keys with 8 bits an element and a scale each, in blocks of 64 from
/// the first key of the link on.
class QuantizedState : public KeyState {
 public:
  explicit QuantizedState(size_t dim) : head_dim(dim) {}

  std::unique_ptr<KeyState> Continue() const override;
  Status Extend(const KvView& kv, Isa isa) override;
  size_t bytes() const override { return lines_.capacity() * sizeof(Line); }

  size_t block_bytes() const { return QuantBlockBytes(head_dim); }
  const uint8_t* block(size_t i) const {
    return reinterpret_cast<const uint8_t*>(lines_.data()) + i * block_bytes();
  }

  size_t head_dim = 0;

 private:
  struct alignas(64) Line {
    uint8_t bytes[64];
  };
  std::vector<Line> lines_;
};

}  // namespace sparsetune
