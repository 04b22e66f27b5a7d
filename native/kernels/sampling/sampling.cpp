#include "kernels/sampling/sampling.h"

#include <algorithm>

namespace sparsetune {

uint32_t DrawSequence::Below(uint32_t bound) {
  if (!has_second_) {
    const uint32_t stream = static_cast<uint32_t>(key_.domain) << 16 | key_.layer;
    block_ = Philox({stream, key_.q_head, key_.position, n_blocks_++}, key_.seed);
  }
  const size_t at = has_second_ ? 2 : 0;
  has_second_ = !has_second_;
  // The high word of a 64-bit fraction times bound, in two 32-bit steps.
  const uint64_t low = static_cast<uint64_t>(block_[at]) * bound >> 32;
  return static_cast<uint32_t>((static_cast<uint64_t>(block_[at + 1]) * bound + low) >> 32);
}

void SampleWithoutReplacement(const DrawKey& key, uint32_t population, uint32_t n, uint64_t* bits) {
  std::fill_n(bits, (static_cast<size_t>(population) + 63) / 64, 0);
  DrawSequence sequence(key);
  for (uint32_t last = population - n; last < population; ++last) {
    uint32_t number = sequence.Below(last + 1);
    // A number that is taken stands for the one that has just become possible.
    if ((bits[number / 64] >> number % 64 & 1) != 0) number = last;
    bits[number / 64] |= uint64_t{1} << number % 64;
  }
}

}  // namespace sparsetune
