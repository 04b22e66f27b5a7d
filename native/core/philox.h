#pragma once

#include <array>
#include <cstdint>

namespace sparsetune {

/// Four random 32-bit words from a counter: no state, so any draw can be made alone, in any order
/// and on any instruction set, with the same result.
using PhiloxBlock = std::array<uint32_t, 4>;

// What the rounds of Philox multiply the first and third word by, and add to the halves of the key.
inline constexpr uint32_t kPhiloxFactors[2] = {0xD2511F53u, 0xCD9E8D57u};
inline constexpr uint32_t kPhiloxSteps[2] = {0x9E3779B9u, 0xBB67AE85u};
inline constexpr int kPhiloxRounds = 10;

/// Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
PhiloxBlock Philox(const PhiloxBlock& counter, uint64_t key);

/// Four independent standard normal numbers from one block (Box-Muller, computed in double).
std::array<float, 4> PhiloxNormal(const PhiloxBlock& counter, uint64_t key);

/// First word of a counter, so that two uses never share a draw.
enum class DrawDomain : uint32_t {
  kLshPlane = 1,
  kRandomSample = 2,
  kBaseSample = 3,      ///< the first, small sample of adaptive_sampling
  kAdaptiveSample = 4,  ///< the second, whose size the first one sets
  kHubBase = 5,
  kHubSample = 6,
};

}  // namespace sparsetune
