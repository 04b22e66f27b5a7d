// The LSH kernels in terms of a vec.inl. Included inside a target region and the instruction set's
// own anonymous namespace, after the constants kCodePanels and kCodeVectors; includes nothing
// itself.

constexpr size_t kPanelVecs = kLshPanelPlanes / kLanes;
constexpr size_t kMaxPanels = size_t{512} * 16 / kLshPanelPlanes;
constexpr size_t kCodeBlock = 32;  ///< vectors that share one pass over the panels

/// Sign bits of the planes of one panel or more, a word per vector and panel; planes beyond the
/// last have the bit 1.
struct SignStreams {
  /// Two more than there are: a code is cut from four bytes.
  uint16_t words[kCodeBlock][kMaxPanels + 2];
};

inline uint16_t PanelSigns(const Vec* sums) {
  uint32_t bits = 0;
  for (size_t p = 0; p < kPanelVecs; ++p) bits |= SignBits(sums[p]) << p * kLanes;
  return static_cast<uint16_t>(bits);
}

/// Signs of kPanels panels for kVectors vectors; the first `n` vectors are kept. Each dot product
/// is one chain of multiply-adds, whatever the tile.
template <size_t kPanels, size_t kVectors>
inline void SignTile(const LshCodesArgs& args, size_t first, size_t n, size_t panel,
                     SignStreams* streams) {
  const float* vectors[kVectors];
  for (size_t v = 0; v < kVectors; ++v) {
    vectors[v] = args.vectors[first + (v < n ? v : n - 1)];
  }
  const size_t panel_floats = args.head_dim * kLshPanelPlanes;
  const float* planes = args.panels + panel * panel_floats;
  Vec sums[kVectors][kPanels * kPanelVecs];
  for (auto& row : sums) {
    for (Vec& sum : row) sum = Zero();
  }
  for (size_t i = 0; i < args.head_dim; ++i) {
    Vec plane[kPanels * kPanelVecs];
    for (size_t p = 0; p < kPanels * kPanelVecs; ++p) {
      plane[p] = Load(planes + p / kPanelVecs * panel_floats + i * kLshPanelPlanes +
                      p % kPanelVecs * kLanes);
    }
    for (size_t v = 0; v < kVectors; ++v) {
      const Vec x = Set1(vectors[v][i]);
      for (size_t p = 0; p < kPanels * kPanelVecs; ++p) {
        sums[v][p] = MulAdd(plane[p], x, sums[v][p]);
      }
    }
  }
  for (size_t v = 0; v < kVectors; ++v) {
    if (v >= n) break;
    for (size_t p = 0; p < kPanels; ++p) {
      streams->words[first % kCodeBlock + v][panel + p] = PanelSigns(sums[v] + p * kPanelVecs);
    }
  }
}

/// Signs of kPanels panels for `n` vectors.
template <size_t kPanels>
inline void SignTiles(const LshCodesArgs& args, size_t first, size_t n, size_t panel,
                      SignStreams* streams) {
  size_t v = 0;
  while (v < n) {
    const size_t left = n - v;
    if (left > 4 && kCodeVectors > 4) {
      SignTile<kPanels, kCodeVectors>(args, first + v, left, panel, streams);
      v += kCodeVectors;
    } else if (left > 1) {
      SignTile<kPanels, 4>(args, first + v, left, panel, streams);
      v += 4;
    } else {
      SignTile<kPanels, 1>(args, first + v, left, panel, streams);
      v += 1;
    }
  }
}

/// Cuts a stream of sign bits into codes of lsh_k bits.
inline void CutCodes(const uint16_t* stream, const LshParams& params, uint16_t* codes) {
  const uint32_t code_mask = (1u << params.lsh_k) - 1;
  const char* bytes = reinterpret_cast<const char*>(stream);
  for (size_t t = 0; t < params.lsh_l; ++t) {
    const size_t at = t * params.lsh_k;
    uint32_t word;
    __builtin_memcpy(&word, bytes + at / 8, sizeof word);
    codes[t] = static_cast<uint16_t>(word >> at % 8 & code_mask);
  }
}

void CodesOf(const LshCodesArgs& args) {
  SignStreams streams;
  const size_t n_planes = static_cast<size_t>(args.params.lsh_l) * args.params.lsh_k;
  const size_t n_panels = (n_planes + kLshPanelPlanes - 1) / kLshPanelPlanes;
  for (size_t first = 0; first < args.n; first += kCodeBlock) {
    const size_t n = args.n - first < kCodeBlock ? args.n - first : kCodeBlock;
    size_t panel = 0;
    // A single vector has too few sums in two panels to hide the latency of a multiply-add.
    for (; n == 1 && panel + 4 <= n_panels; panel += 4) {
      SignTile<4, 1>(args, first, 1, panel, &streams);
    }
    for (; panel + kCodePanels <= n_panels; panel += kCodePanels) {
      SignTiles<kCodePanels>(args, first, n, panel, &streams);
    }
    for (; panel < n_panels; ++panel) SignTiles<1>(args, first, n, panel, &streams);
    for (size_t v = 0; v < n; ++v) {
      uint16_t* stream = streams.words[v];
      stream[n_panels] = 0;
      stream[n_panels + 1] = 0;
      CutCodes(stream, args.params, args.codes + (first + v) * args.params.lsh_l);
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
