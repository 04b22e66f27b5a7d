#pragma once

#include <cstddef>
#include <cstdint>

namespace sparsetune::fuzz {

/// Reads decisions from the bytes of a fuzzer; zeros once they are used up.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : at_(data), left_(size) {}

  uint8_t Next() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }
  uint16_t Word() {
    const uint16_t low = Next();
    return static_cast<uint16_t>(low | Next() << 8);
  }
  /// 0..largest, largest below 65536.
  uint32_t UpTo(uint32_t largest) { return (largest < 256 ? Next() : Word()) % (largest + 1); }
  bool Flag() { return (Next() & 1) != 0; }

 private:
  const uint8_t* at_;
  size_t left_;
};

}  // namespace sparsetune::fuzz
