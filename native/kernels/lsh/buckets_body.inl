// Looking up buckets in terms of a vec.inl. Included inside a target region and the instruction
// set's own anonymous namespace; includes nothing itself.

constexpr size_t kMaxTables = 512;
constexpr size_t kMaxRunWords = kLshRunKeys / 64;
constexpr size_t kCountedTables = 255;  ///< after so many a byte could overflow
constexpr size_t kLineUnits = 32;
constexpr size_t kPrefetchedUnits = 8 * kLineUnits;  ///< of a bucket; the CPU follows by itself

struct Bucket {
  uint32_t begin;
  uint32_t n;
};

inline const uint32_t* StartOf(const LshLookUpArgs& args, size_t q, size_t t) {
  const LshParams& params = args.run.params;
  return args.run.starts + (t << params.lsh_k | args.queries[q * params.lsh_l + t]);
}

SPARSETUNE_INLINE void PrefetchStarts(const LshLookUpArgs& args, size_t q) {
  if (q >= args.n_queries) return;
  for (size_t t = 0; t < args.run.params.lsh_l; ++t) Prefetch(StartOf(args, q, t));
}

/// Finds the buckets of a query and prefetches them.
inline void FindBuckets(const LshLookUpArgs& args, size_t q, Bucket* buckets) {
  if (q >= args.n_queries) return;
  for (size_t t = 0; t < args.run.params.lsh_l; ++t) {
    const uint32_t* start = StartOf(args, q, t);
    const uint32_t n = start[1] - start[0];
    buckets[t] = {start[0], n};
    const uint16_t* units = args.run.units + start[0];
    for (size_t i = 0; i < n && i < kPrefetchedUnits; i += kLineUnits) Prefetch(units + i);
    if (n > 0) Prefetch(units + (n < kPrefetchedUnits ? n : kPrefetchedUnits) - 1);
  }
}

/// Adds keys found `one` or `two` times to those found before; both are 64 keys.
inline void AddBits(uint64_t one, uint64_t two, uint64_t* once, uint64_t* twice) {
  *twice |= two | (*once & one);
  *once |= one;
}

/// Adds the keys that were counted to the bits and starts counting anew.
inline void MoveCounts(uint8_t* counts, size_t n_words, uint64_t* once, uint64_t* twice) {
  for (size_t w = 0; w < n_words; ++w) {
    uint64_t one;
    uint64_t two;
    TakeCounts(counts + w * 64, &one, &two);
    AddBits(one, two, once + w, twice + w);
  }
  __builtin_memset(counts, 0, n_words * 64);
}

inline void AddDense(const uint16_t* units, size_t n_words, uint64_t* once, uint64_t* twice) {
  for (size_t w = 0; w < n_words; ++w) {
    uint64_t bits;
    __builtin_memcpy(&bits, units + w * 4, sizeof bits);
    AddBits(bits, 0, once + w, twice + w);
  }
}

/// Keys that are in one bucket, and in two or more. `counts` are 0, and are again afterwards.
inline void UniteBuckets(const LshLookUpArgs& args, const Bucket* buckets, uint64_t* once,
                         uint64_t* twice) {
  const size_t n_words = args.run.n_keys / 64;
  const size_t dense = args.run.n_keys / 32;
  uint8_t* counts = args.counts;  // a byte may alias anything, so not through `args`
  __builtin_memset(once, 0, n_words * sizeof(uint64_t));
  __builtin_memset(twice, 0, n_words * sizeof(uint64_t));
  size_t counted = 0;
  for (size_t t = 0; t < args.run.params.lsh_l; ++t) {
    const uint16_t* units = args.run.units + buckets[t].begin;
    const size_t n = buckets[t].n;
    if (n >= dense) {
      AddDense(units, n_words, once, twice);
      continue;
    }
    for (size_t i = 0; i < n; ++i) ++counts[units[i]];
    if (++counted % kCountedTables == 0) MoveCounts(counts, n_words, once, twice);
  }
  MoveCounts(counts, n_words, once, twice);
}

void LookUpOf(const LshLookUpArgs& args) {
  Bucket buckets[2][kMaxTables];
  uint64_t spare[kMaxRunWords];
  __builtin_memset(args.counts, 0, args.run.n_keys);
  // Each start and each bucket is far from the last one: all are on their way at once.
  PrefetchStarts(args, 0);
  FindBuckets(args, 0, buckets[0]);
  PrefetchStarts(args, 1);
  for (size_t q = 0; q < args.n_queries; ++q) {
    FindBuckets(args, q + 1, buckets[(q + 1) % 2]);
    PrefetchStarts(args, q + 2);
    uint64_t* bits = args.bits + q * args.stride;
    UniteBuckets(args, buckets[q % 2], args.min_matches == 1 ? bits : spare,
                 args.min_matches == 1 ? spare : bits);
  }
}
