#include "core/bits.h"

#include <algorithm>
#include <vector>

#include "core/philox.h"
#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

/// The set bits of words, asked one at a time.
std::vector<uint32_t> Reference(const std::vector<uint64_t>& words, uint32_t first) {
  std::vector<uint32_t> numbers;
  for (size_t bit = 0; bit < words.size() * 64; ++bit) {
    if ((words[bit / 64] >> bit % 64 & 1) != 0) {
      numbers.push_back(first + static_cast<uint32_t>(bit));
    }
  }
  return numbers;
}

void ExpectListed(const std::vector<uint64_t>& words, const std::string& what) {
  constexpr uint32_t kFirst = 5;
  const std::vector<uint32_t> expected = Reference(words, kFirst);
  Fenced<uint32_t> numbers(expected.size() + kListedAtOnce);
  ListBits(words.data(), words.size(), kFirst, numbers.data());
  Expect(std::equal(expected.begin(), expected.end(), numbers.data()), what);
  Expect(CountBits(words.data(), words.size()) == expected.size(), what + ": count");
}

}  // namespace

void TestBits() {
  Test("set bits are listed in order, and little is written behind them", [] {
    ExpectListed({}, "no word");
    for (size_t n = 0; n <= 64; ++n) {
      const uint64_t low = LowBits(n);
      ExpectListed({low}, Text("the lowest ", n));
      ExpectListed({low << (64 - n) % 64}, Text("the highest ", n));
      ExpectListed({0, low, ~low, 0}, Text(n, " of a word and the others of the next"));
    }
    for (uint32_t seed = 0; seed < 100; ++seed) {
      std::vector<uint64_t> words;
      for (uint32_t w = 0; w < seed % 7; ++w) {
        const auto block = Philox({seed, w, 0, 0}, 1);
        words.push_back(uint64_t{block[0]} << 32 | block[1]);
        if (seed % 2 != 0) words.back() &= uint64_t{block[2]} << 32 | block[3];
      }
      ExpectListed(words, Text("random words ", seed));
    }
  });
}

}  // namespace sparsetune::testing
