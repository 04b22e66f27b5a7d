// DrawFractions in terms of Wide, a vector of 64-bit lanes. Included inside a target region and the
// instruction set's own anonymous namespace, after Wide and what is done with it; includes nothing
// itself.

constexpr size_t kSets = 4;  ///< vectors of blocks at once: the rounds of one wait for each other

/// The words of kSets * kWideLanes blocks, each in the low half of a lane; what is above it is
/// never read.
struct Words {
  Wide of[4][kSets];
};

SPARSETUNE_INLINE void PhiloxRound(const Wide* keys, Words* words) {
  const Wide factors[2] = {Splat(kPhiloxFactors[0]), Splat(kPhiloxFactors[1])};
  SPARSETUNE_UNROLL
  for (size_t s = 0; s < kSets; ++s) {
    const Wide first = MultiplyLow(factors[0], words->of[0][s]);
    const Wide second = MultiplyLow(factors[1], words->of[2][s]);
    words->of[0][s] = Xor(Xor(HighHalves(second), words->of[1][s]), keys[0]);
    words->of[1][s] = second;
    words->of[2][s] = Xor(Xor(HighHalves(first), words->of[3][s]), keys[1]);
    words->of[3][s] = first;
  }
}

inline void FractionsOf(const uint32_t* counter, uint64_t key, uint64_t* fractions) {
  for (size_t block = 0; block < kFractions / 2; block += kSets * kWideLanes) {
    Words words;
    SPARSETUNE_UNROLL
    for (size_t s = 0; s < kSets; ++s) {
      for (size_t w = 0; w < 3; ++w) words.of[w][s] = Splat(counter[w]);
      words.of[3][s] = CountFrom(uint64_t{counter[3]} + block + s * kWideLanes);
    }
    uint32_t halves[2] = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
    for (int round = 0; round < kPhiloxRounds; ++round) {
      const Wide keys[2] = {Splat(halves[0]), Splat(halves[1])};
      PhiloxRound(keys, &words);
      halves[0] += kPhiloxSteps[0];
      halves[1] += kPhiloxSteps[1];
    }
    SPARSETUNE_UNROLL
    for (size_t s = 0; s < kSets; ++s) {
      StoreInTurn(Join(words.of[1][s], words.of[0][s]), Join(words.of[3][s], words.of[2][s]),
                  fractions + 2 * (block + s * kWideLanes));
    }
  }
}
