// The LSH kernels in terms of a vec.inl and scores_body.inl. Included inside a target region and
// the instruction set's own anonymous namespace; includes nothing itself.

constexpr size_t kChunkPlanes = 32;  ///< sign bits gathered in one word
constexpr size_t kMaxPlanes = size_t{512} * 16;
constexpr size_t kCodeVectors = 4;  ///< vectors that share one pass over the planes

/// Sign bits of at most kChunkPlanes planes for at most kCodeVectors vectors.
inline void ChunkBits(const LshCodesArgs& args, const float* const* vectors, size_t n,
                      size_t first_plane, uint32_t* bits) {
  const size_t n_planes = static_cast<size_t>(args.params.lsh_l) * args.params.lsh_k;
  const float* rows[kChunkPlanes];
  for (size_t r = 0; r < kChunkPlanes; ++r) {
    const size_t plane = first_plane + r < n_planes ? first_plane + r : n_planes - 1;
    rows[r] = args.planes + plane * args.head_dim;
  }
  float dots[kCodeVectors * kChunkPlanes];
  for (size_t r = 0; r < kChunkPlanes; r += kTileRows) {
    ScoreTiles(vectors, n, rows + r, args.head_dim, dots + r, kChunkPlanes);
  }
  for (size_t i = 0; i < n; ++i) {
    bits[i] = 0;
    for (size_t r = 0; r < kChunkPlanes; r += kLanes) {
      bits[i] |= SignBits(dots + i * kChunkPlanes + r) << r;
    }
  }
}

/// Cuts a stream of sign bits into codes of lsh_k bits.
inline void CutCodes(const uint32_t* stream, const LshParams& params, uint16_t* codes) {
  const uint32_t code_mask = (1u << params.lsh_k) - 1;
  for (size_t t = 0; t < params.lsh_l; ++t) {
    const size_t at = t * params.lsh_k;
    const uint64_t words = stream[at / 32] | static_cast<uint64_t>(stream[at / 32 + 1]) << 32;
    codes[t] = static_cast<uint16_t>(words >> at % 32 & code_mask);
  }
}

void CodesOf(const LshCodesArgs& args) {
  uint32_t streams[kCodeVectors][kMaxPlanes / 32 + 1];
  const size_t n_planes = static_cast<size_t>(args.params.lsh_l) * args.params.lsh_k;
  const size_t n_words = (n_planes + kChunkPlanes - 1) / kChunkPlanes;
  for (size_t first = 0; first < args.n; first += kCodeVectors) {
    const size_t n = args.n - first < kCodeVectors ? args.n - first : kCodeVectors;
    for (size_t word = 0; word < n_words; ++word) {
      uint32_t bits[kCodeVectors];
      ChunkBits(args, args.vectors + first, n, word * kChunkPlanes, bits);
      for (size_t i = 0; i < n; ++i) streams[i][word] = bits[i];
    }
    for (size_t i = 0; i < n; ++i) {
      streams[i][n_words] = 0;
      CutCodes(streams[i], args.params, args.codes + (first + i) * args.params.lsh_l);
    }
  }
}

template <typename T>
inline uint64_t MatchBits(const T* block, const uint16_t* query, size_t lsh_l, bool twice) {
  uint64_t once = 0;
  uint64_t again = 0;
  for (size_t t = 0; t < lsh_l; ++t) {
    const uint64_t equal = EqualBits(block + t * kLshBlockKeys, query[t]);
    again |= once & equal;
    once |= equal;
  }
  return twice ? again : once;
}

template <typename T>
void MatchOf(const LshMatchArgs& args) {
  const size_t lsh_l = args.params.lsh_l;
  for (size_t b = 0; b < args.n_blocks; ++b) {
    const T* block = static_cast<const T*>(args.codes) + b * lsh_l * kLshBlockKeys;
    for (size_t q = 0; q < args.n_queries; ++q) {
      args.bits[q * args.n_blocks + b] =
          MatchBits(block, args.queries + q * lsh_l, lsh_l, args.min_matches == 2);
    }
  }
}
