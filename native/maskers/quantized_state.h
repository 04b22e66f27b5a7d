#pragma once

#include <cstdint>
#include <memory>

#include "core/stream_memory.h"
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
  size_t bytes() const override { return n_allocated_ * block_bytes(); }

  size_t block_bytes() const { return QuantBlockBytes(head_dim); }
  const uint8_t* block(size_t i) const { return blocks_.get() + i * block_bytes(); }

  size_t head_dim = 0;

 private:
  /// Room for at least n blocks, the first n_used of which are kept.
  void Reserve(size_t n_blocks, size_t n_used);

  StreamMemory blocks_;
  size_t n_allocated_ = 0;  ///< blocks
};

}  // namespace sparsetune
