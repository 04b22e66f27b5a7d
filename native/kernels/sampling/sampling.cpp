#include "kernels/sampling/sampling.h"

#include <algorithm>

#include "core/versions.h"
#include "kernels/sampling/sampling_isa.h"

namespace sparsetune {

void DrawFractionsScalar(const uint32_t* counter, uint64_t key, uint64_t* fractions) {
  PhiloxBlock block = {counter[0], counter[1], counter[2], counter[3]};
  for (size_t i = 0; i < kFractions; i += 2, ++block[3]) {
    const PhiloxBlock words = Philox(block, key);
    fractions[i] = static_cast<uint64_t>(words[1]) << 32 | words[0];
    fractions[i + 1] = static_cast<uint64_t>(words[3]) << 32 | words[2];
  }
}

void DrawSequence::MakeFractions() {
  const uint32_t stream = static_cast<uint32_t>(key_.domain) << 16 | key_.layer;
  const auto draw = SPARSETUNE_VERSION(DrawFractions, isa_);
  const uint32_t counter[4] = {stream, key_.q_head, key_.position, n_blocks_};
  draw(counter, key_.seed, fractions_);
  n_blocks_ += kFractions / 2;
  n_used_ = 0;
}

uint32_t DrawSequence::Below(uint32_t bound) {
  if (n_used_ == kFractions) MakeFractions();
  const uint64_t fraction = fractions_[n_used_++];
  // The high word of fraction times bound, in two 32-bit steps.
  const uint64_t low = (fraction & 0xffffffffu) * bound >> 32;
  return static_cast<uint32_t>(((fraction >> 32) * bound + low) >> 32);
}

void SampleWithoutReplacement(const DrawKey& key, uint32_t population, uint32_t n, Isa isa,
                              uint64_t* bits) {
  std::fill_n(bits, (static_cast<size_t>(population) + 63) / 64, 0);
  DrawSequence sequence(key, isa);
  for (uint32_t last = population - n; last < population; ++last) {
    const uint32_t number = sequence.Below(last + 1);
    const uint64_t bit = uint64_t{1} << number % 64;
    const bool is_taken = (bits[number / 64] & bit) != 0;
    // Set in any case, so that where to store does not wait for what is loaded.
    bits[number / 64] |= bit;
    // A number that is taken stands for the one that has just become possible.
    if (is_taken) bits[last / 64] |= uint64_t{1} << last % 64;
  }
}

}  // namespace sparsetune
