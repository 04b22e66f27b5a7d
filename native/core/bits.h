#pragma once

#include <cstddef>
#include <cstdint>
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

namespace sparsetune {

/// Number of the lowest set bit; `word` is not 0.
inline uint32_t LowestBit(uint64_t word) {
#if defined(__GNUC__)
  return static_cast<uint32_t>(__builtin_ctzll(word));
#elif defined(_MSC_VER)
  unsigned long bit = 0;
  _BitScanForward64(&bit, word);
  return bit;
#else
  uint32_t bit = 0;
  while ((word >> bit & 1) == 0) ++bit;
  return bit;
#endif
}

/// Set bits of a word. In plain arithmetic: without an option for newer CPUs, the compiler's own
/// function looks up a table.
inline size_t CountBits(uint64_t word) {
  word -= word >> 1 & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<size_t>(word * 0x0101010101010101u >> 56);
}

/// The lowest `n` bits set; n is at most 64.
inline uint64_t LowBits(size_t n) { return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1; }

/// Set bits of `n_words` words.
inline size_t CountBits(const uint64_t* words, size_t n_words) {
  size_t n = 0;
  for (size_t w = 0; w < n_words; ++w) n += CountBits(words[w]);
  return n;
}

/// Calls visit(i) for each set bit i of `n_words` words, ascending.
template <typename Visit>
void ForEachBit(const uint64_t* words, size_t n_words, Visit visit) {
  for (size_t w = 0; w < n_words; ++w) {
    for (uint64_t word = words[w]; word != 0; word &= word - 1) visit(w * 64 + LowestBit(word));
  }
}

/// Numbers that ListBits writes at once.
constexpr size_t kListedAtOnce = 4;

/// Writes first + i for each set bit i of `n_words` words, ascending, and up to kListedAtOnce
/// numbers without meaning behind them. About how many bits a word has is foretold better than how
/// many exactly: a few are written before that is asked.
inline void ListBits(const uint64_t* words, size_t n_words, uint32_t first, uint32_t* numbers) {
  constexpr uint64_t kLast = uint64_t{1} << 63;  // LowestBit is not for 0
  for (size_t w = 0; w < n_words; ++w) {
    const uint32_t base = first + static_cast<uint32_t>(w * 64);
    uint64_t word = words[w];
    const size_t n = CountBits(word);
    for (size_t i = 0; i < n; i += kListedAtOnce) {
      for (size_t j = 0; j < kListedAtOnce; ++j, word &= word - 1) {
        numbers[i + j] = base + LowestBit(word | kLast);
      }
    }
    numbers += n;
  }
}

}  // namespace sparsetune
