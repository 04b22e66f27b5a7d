#include <cmath>
#include <cstring>

#include "core/element.h"
#include "core/philox.h"
#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

struct Rounding {
  float value;
  uint16_t half;
};

constexpr Rounding kHalves[] = {
    {1 + 0x1p-11f, 0x3c00},      // a tie, to the even 1
    {1 + 3 * 0x1p-11f, 0x3c02},  // a tie, to the even 1 + 2^-9
    {1 + 0x1p-11f + 0x1p-20f, 0x3c01},
    {65519, 0x7bff},  // still the largest number
    {65520, 0x7c00},
    {0x1p-25f, 0},  // a tie with zero
    {1.5f * 0x1p-25f, 1},
    {-0.0f, 0x8000},
    {1023 * 0x1p-24f, 0x03ff},  // the largest subnormal
    {1023.9f * 0x1p-24f, 0x0400},
};

struct KnownAnswer {
  PhiloxBlock counter;
  uint64_t key;
  PhiloxBlock block;
};

// The known answers of Random123 (kat_vectors, philox4x32 10).
constexpr KnownAnswer kPhilox[] = {
    {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     0xffffffffffffffff,
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     0x299f31d0a4093822,
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

}  // namespace

void TestElements() {
  Test("every binary16 survives the way to float and back", [] {
    for (uint32_t half = 0; half < 0x10000; ++half) {
      const float value = HalfToFloat(static_cast<uint16_t>(half));
      const bool is_nan = (half & 0x7fff) > 0x7c00;
      Expect(std::isnan(value) == is_nan, Text("half=", half));
      if (!is_nan) Expect(FloatToHalf(value) == half, Text("half=", half));
    }
  });
  Test("conversion to binary16 rounds to nearest even", [] {
    for (const auto& [value, half] : kHalves) Expect(FloatToHalf(value) == half, Text(value));
  });
  Test("conversion to bfloat16 rounds to nearest even", [] {
    Expect(FromFloat<Bf16>(1 + 0x1p-8f).bits == 0x3f80, "a tie, to the even 1");
    Expect(FromFloat<Bf16>(1 + 3 * 0x1p-8f).bits == 0x3f82, "a tie, to the even 1 + 2^-6");
    Expect(FromFloat<Bf16>(1 + 0x1p-8f + 0x1p-20f).bits == 0x3f81, "above the tie");
    Expect(ToFloat(Bf16{0xbf80}) == -1, "of -1");
  });
  Test("philox gives the published answers", [] {
    for (const auto& [counter, key, block] : kPhilox) {
      Expect(Philox(counter, key) == block, Text("key=", key));
    }
  });
}

}  // namespace sparsetune::testing
