// The kernel of quantized_scores in terms of the vectors that each instruction set defines before
// it: `Ints` of kLanes sums, `Keys` (elements of which LoadKeys leaves kBias too much) and `Codes`
// as its products take them. Included inside a target region and the instruction set's own
// anonymous namespace; includes nothing itself.

constexpr size_t kVecBytes = 4 * kLanes;  ///< four channels of kLanes keys
constexpr size_t kTileBytes = kTileVecs * kVecBytes;
constexpr size_t kLineBytes = 64;
/// From the keys at work to those brought from the second cache to the first.
constexpr size_t kNearBytes = 2048;

/// Some keys of a block, all channels.
struct TileKeys {
  const uint8_t* elements;  ///< of the first key
  const float* scales;
  size_t channels;
  const uint8_t* ahead;  ///< an equal share of the next block, to prefetch in order of address
};

/// Scores of kTileVecs * kLanes keys with `kHeads` queries; `codes` and `sums` are the first one's.
template <int kHeads>
SPARSETUNE_NOINLINE void ScoreTile(const TileKeys& tile, const int8_t* codes, const int32_t* sums,
                                   float* scores, size_t stride) {
  const uint8_t* elements = tile.elements;
  const uint8_t* ahead = tile.ahead;
  Ints totals[kHeads][kTileVecs];
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    SPARSETUNE_UNROLL
    for (int v = 0; v < kTileVecs; ++v) totals[g][v] = SetInts(-kBias * sums[g]);
  }
  for (size_t i = 0; i < tile.channels; i += 4) {
    SPARSETUNE_UNROLL
    for (size_t at = 0; at < kTileBytes; at += kLineBytes) {
      PrefetchNext(ahead + at);
      PrefetchNear(elements + kNearBytes + at);
    }
    Keys keys[kTileVecs];
    SPARSETUNE_UNROLL
    for (int v = 0; v < kTileVecs; ++v) keys[v] = LoadKeys(elements + v * kVecBytes);
    SPARSETUNE_UNROLL
    for (int g = 0; g < kHeads; ++g) {
      const Codes query = LoadCodes(codes + g * tile.channels + i);
      SPARSETUNE_UNROLL
      for (int v = 0; v < kTileVecs; ++v) totals[g][v] = AddProducts(totals[g][v], keys[v], query);
    }
    elements += 4 * kQuantBlockKeys;
    ahead += kTileBytes;
  }
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    SPARSETUNE_UNROLL
    for (int v = 0; v < kTileVecs; ++v) {
      StoreScaled(scores + g * stride + v * kLanes, totals[g][v], tile.scales + v * kLanes);
    }
  }
}

void ScoreBlocks(const QuantizedQueries& queries, const QuantizedKeys& keys, float* scores,
                 size_t stride) {
  const size_t channels = (keys.head_dim + 3) / 4 * 4;  // as QuantChannels, of the base CPU, says
  const size_t block_bytes = kQuantBlockKeys * (channels + sizeof(float));
  for (size_t b = 0; b < keys.n_blocks; ++b) {
    const uint8_t* block = keys.blocks + b * block_bytes;
    const float* scales = reinterpret_cast<const float*>(block + kQuantBlockKeys * channels);
    for (size_t key = 0; key < kQuantBlockKeys; key += kTileVecs * kLanes) {
      const TileKeys tile = {block + 4 * key, scales + key, channels,
                             block + block_bytes + channels * key};
      float* row = scores + b * kQuantBlockKeys + key;
      for (size_t g = 0; g < queries.n; g += 4, row += 4 * stride) {
        const int8_t* codes = queries.codes + g * channels;
        const int32_t* sums = queries.sums + g;
        const size_t n = queries.n - g;
        if (n >= 4) ScoreTile<4>(tile, codes, sums, row, stride);
        if (n == 3) ScoreTile<3>(tile, codes, sums, row, stride);
        if (n == 2) ScoreTile<2>(tile, codes, sums, row, stride);
        if (n == 1) ScoreTile<1>(tile, codes, sums, row, stride);
      }
    }
  }
}
