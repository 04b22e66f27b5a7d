// The LSH kernels in terms of a vec.inl. Included inside a target region and the instruction set's
// own anonymous namespace, after kManyVectors, kFewPanels, Interleave4 and CutCodes; includes
// nothing itself.

constexpr size_t kPanelVecs = kLshPanelPlanes / kLanes;
constexpr size_t kMaxPanels = size_t{512} * 16 / kLshPanelPlanes;
constexpr size_t kPackedFloats = kManyVectors * 512;

/// Vectors that share one pass over the panels.
template <size_t kVectors>
struct VectorTile {
  /// Packs the vectors from `first` on, of which `n` exist.
  VectorTile(const LshCodesArgs& args, size_t first, size_t n) {
    if constexpr (kVectors == 1) {
      elements = args.vectors[first];
    } else {
      const float* vectors[kVectors];
      for (size_t v = 0; v < kVectors; ++v) vectors[v] = args.vectors[first + (v < n ? v : n - 1)];
      for (size_t v = 0; v + 4 <= kVectors; v += 4) {
        Interleave4(vectors + v, args.head_dim, kVectors, packed + v);
      }
      for (size_t v = kVectors / 4 * 4; kVectors % 4 != 0 && v < kVectors; ++v) {
        for (size_t i = 0; i < args.head_dim; ++i) packed[i * kVectors + v] = vectors[v][i];
      }
      elements = packed;
    }
  }

  static bool Holds(size_t head_dim) {
    return kVectors == 1 || head_dim <= kPackedFloats / kVectors;
  }

  const float* elements;  ///< [head_dim, kVectors]
  alignas(64) float packed[kVectors == 1 ? 1 : kPackedFloats];
  /// Sign bits, 16 planes a word; planes beyond the last have the bit 1. What CutCodes reads beyond
  /// the last word does not count.
  uint16_t signs[kVectors][kMaxPanels + kCutWords];
};

inline uint16_t PanelSigns(const Vec* sums) {
  uint32_t bits = 0;
  for (size_t p = 0; p < kPanelVecs; ++p) bits |= SignBits(sums[p]) << p * kLanes;
  return static_cast<uint16_t>(bits);
}

/// Adds one dimension's products to the sums.
template <size_t kPanels, size_t kVectors>
SPARSETUNE_INLINE void AddDimension(const float* planes, size_t panel_floats, const float* elements,
                                    Vec (*sums)[kPanels * kPanelVecs]) {
  Vec plane[kPanels * kPanelVecs];
  SPARSETUNE_UNROLL
  for (size_t p = 0; p < kPanels * kPanelVecs; ++p) {
    plane[p] = Load(planes + p / kPanelVecs * panel_floats + p % kPanelVecs * kLanes);
  }
  SPARSETUNE_UNROLL
  for (size_t v = 0; v < kVectors; ++v) {
    const Vec x = Set1(elements[v]);
    SPARSETUNE_UNROLL
    for (size_t p = 0; p < kPanels * kPanelVecs; ++p) sums[v][p] = MulAdd(plane[p], x, sums[v][p]);
  }
}

/// Signs of kPanels panels. Each dot product is one chain of multiply-adds, whatever the tile.
template <size_t kPanels, size_t kVectors>
inline void SignPanels(const LshCodesArgs& args, size_t panel, VectorTile<kVectors>* tile) {
  constexpr size_t kAtOnce = 4;  // dimensions; a loop of fewer rounds is foretold to its end
  const size_t panel_floats = args.head_dim * kLshPanelPlanes;
  const float* planes = args.panels + panel * panel_floats;
  const float* elements = tile->elements;
  Vec sums[kVectors][kPanels * kPanelVecs];
  SPARSETUNE_UNROLL
  for (size_t v = 0; v < kVectors; ++v) {
    SPARSETUNE_UNROLL
    for (size_t p = 0; p < kPanels * kPanelVecs; ++p) sums[v][p] = Zero();
  }
  size_t i = 0;
  for (; i + kAtOnce <= args.head_dim; i += kAtOnce) {
    SPARSETUNE_UNROLL
    for (size_t j = 0; j < kAtOnce; ++j) {
      AddDimension<kPanels, kVectors>(planes + j * kLshPanelPlanes, panel_floats,
                                      elements + j * kVectors, sums);
    }
    planes += kAtOnce * kLshPanelPlanes;
    elements += kAtOnce * kVectors;
  }
  for (; i < args.head_dim; ++i, planes += kLshPanelPlanes, elements += kVectors) {
    AddDimension<kPanels, kVectors>(planes, panel_floats, elements, sums);
  }
  SPARSETUNE_UNROLL
  for (size_t v = 0; v < kVectors; ++v) {
    SPARSETUNE_UNROLL
    for (size_t p = 0; p < kPanels; ++p) {
      tile->signs[v][panel + p] = PanelSigns(sums[v] + p * kPanelVecs);
    }
  }
}

/// Asks for a vector, if there is one, that a later tile packs.
SPARSETUNE_INLINE void PrefetchVector(const LshCodesArgs& args, size_t vector) {
  if (vector >= args.n) return;
  constexpr size_t kLineFloats = 16;
  for (size_t i = 0; i < args.head_dim; i += kLineFloats) Prefetch(args.vectors[vector] + i);
}

/// Codes of kVectors vectors from `first` on, or of the `n` that exist; returns how many.
template <size_t kVectors, size_t kPanels>
SPARSETUNE_NOINLINE size_t CodesOfTile(const LshCodesArgs& args, size_t first, size_t n) {
  VectorTile<kVectors> tile(args, first, n);
  const size_t n_planes = static_cast<size_t>(args.params.lsh_l) * args.params.lsh_k;
  const size_t n_panels = (n_planes + kLshPanelPlanes - 1) / kLshPanelPlanes;
  size_t panel = 0;
  for (; panel + kPanels <= n_panels; panel += kPanels) {
    const size_t later = panel / kPanels;  // each vector of the next tile once
    if (later < kVectors) PrefetchVector(args, first + kVectors + later);
    SignPanels<kPanels>(args, panel, &tile);
  }
  for (; panel < n_panels; ++panel) SignPanels<1>(args, panel, &tile);
  const size_t n_taken = n < kVectors ? n : kVectors;
  for (size_t v = 0; v < n_taken; ++v) {
    CutCodes(tile.signs[v], args.params, args.codes + (first + v) * args.params.lsh_l);
  }
  return n_taken;
}

void CodesOf(const LshCodesArgs& args) {
  for (size_t first = 0; first < args.n;) {
    const size_t left = args.n - first;
    if (2 * left > kManyVectors && VectorTile<kManyVectors>::Holds(args.head_dim)) {
      first += CodesOfTile<kManyVectors, 1>(args, first, left);
    } else if (left > 1 && VectorTile<4>::Holds(args.head_dim)) {
      first += CodesOfTile<4, kFewPanels>(args, first, left);
    } else {
      first += CodesOfTile<1, 4>(args, first, left);
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
