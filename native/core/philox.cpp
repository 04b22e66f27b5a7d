#include "core/philox.h"

#include <cmath>
#include <utility>

namespace sparsetune {
namespace {

/// Uniform in (0, 1), never an end.
double Uniform(uint32_t word) { return (static_cast<double>(word) + 0.5) * 0x1p-32; }

std::pair<float, float> BoxMuller(uint32_t a, uint32_t b) {
  constexpr double kTwoPi = 6.283185307179586;
  const double radius = std::sqrt(-2.0 * std::log(Uniform(a)));
  const double angle = kTwoPi * Uniform(b);
  return {static_cast<float>(radius * std::cos(angle)),
          static_cast<float>(radius * std::sin(angle))};
}

}  // namespace

PhiloxBlock Philox(const PhiloxBlock& counter, uint64_t key) {
  PhiloxBlock block = counter;
  uint32_t key0 = static_cast<uint32_t>(key);
  uint32_t key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const uint64_t product0 = uint64_t{kPhiloxFactors[0]} * block[0];
    const uint64_t product1 = uint64_t{kPhiloxFactors[1]} * block[2];
    block = {
        static_cast<uint32_t>(product1 >> 32) ^ block[1] ^ key0, static_cast<uint32_t>(product1),
        static_cast<uint32_t>(product0 >> 32) ^ block[3] ^ key1, static_cast<uint32_t>(product0)};
    key0 += kPhiloxSteps[0];
    key1 += kPhiloxSteps[1];
  }
  return block;
}

std::array<float, 4> PhiloxNormal(const PhiloxBlock& counter, uint64_t key) {
  const PhiloxBlock words = Philox(counter, key);
  const auto [first, second] = BoxMuller(words[0], words[1]);
  const auto [third, fourth] = BoxMuller(words[2], words[3]);
  return {first, second, third, fourth};
}

}  // namespace sparsetune
