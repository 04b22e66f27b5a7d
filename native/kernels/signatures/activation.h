#pragma once

#include <cstdint>

namespace sparsetune {

/// What follows each layer of a hash network but the last. `kGelu` is the one with erf.
enum class Activation : uint8_t { kRelu, kSilu, kGelu, kTanh };

}  // namespace sparsetune
