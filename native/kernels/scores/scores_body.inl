// The score kernel in terms of a vec.inl. Included inside a target region and the instruction set's
// own anonymous namespace, after core/element.h, scores_isa.h and <type_traits>; includes nothing
// itself.

// Rows come from memory in two steps: those of the next block into the second cache, and those
// kNearRows ahead from there into the first. Memory keeps the buffers that fill the first cache
// busy, and a tile that loaded from the second would have to wait for one. Rows of a list take
// longer to come than those of a range, where a longer block would only keep its first rows
// waiting.
constexpr size_t kListRows = 64;
constexpr size_t kRangeRows = 32;
constexpr size_t kBlockRows = kListRows;  ///< the most of a block
constexpr size_t kNearRows = 8;
constexpr size_t kTileRows = 4;
constexpr size_t kLineBytes = 64;
constexpr size_t kPair = 2 * kLanes;
constexpr size_t kPanelQueries = 32;  ///< of a panel where head_dim is at most 256

/// Whether the vectors of a pair are the even and the odd elements of T, instead of those in order.
template <typename T>
constexpr bool kApart = kLoadsApart && std::is_same<T, Bf16>::value;

/// Vector `c` of the elements from `p` on, which are whole pairs of vectors.
template <typename T>
SPARSETUNE_INLINE Vec LoadOfPair(const T* p, size_t c) {
  if constexpr (kApart<T>) {
    return c % 2 == 0 ? LoadEven(p + c * kLanes) : LoadOdd(p + (c - 1) * kLanes);
  } else {
    return Load(p + c * kLanes);
  }
}

inline size_t PadDim(size_t head_dim) { return (head_dim + kLanes - 1) / kLanes * kLanes; }

/// Queries as the score tiles read them: tile by tile, in a tile vector by vector of dimensions as
/// LoadOfPair gives them, that of each query in turn; the last vector is filled up with zeros.
struct Panel {
  alignas(64) float floats[kPanelFloats];

  /// Queries that fit, at least 1.
  static size_t Capacity(size_t head_dim) {
    const size_t n = kPanelFloats / PadDim(head_dim);
    return n < kPanelQueries ? n : kPanelQueries;
  }
};

/// Queries of the next score tile, of `left`.
inline size_t TileQueries(size_t left) {
  if (left >= kScoreHeads) return kScoreHeads;
  return kScoreHeads == 4 ? left : 1;
}

/// Lays out `n` queries, as many as fit, for rows of T.
template <typename T>
inline void FillPanel(const float* const* queries, size_t n, size_t head_dim, Panel* panel) {
  float* tile = panel->floats;
  for (size_t first = 0; first < n;) {
    const size_t heads = TileQueries(n - first);
    const size_t step = heads * kLanes;
    for (size_t g = 0; g < heads; ++g) {
      const float* query = queries[first + g];
      float* out = tile + g * kLanes;
      size_t i = 0;
      for (; i + kPair <= head_dim; i += kPair, out += 2 * step) {
        Vec a = Load(query + i);
        Vec b = Load(query + i + kLanes);
        if (kApart<T>) TakeApart(&a, &b);
        Store(out, a);
        Store(out + step, b);
      }
      for (; i < head_dim; i += kLanes, out += step) {
        const size_t part = head_dim - i;
        Store(out, part < kLanes ? LoadPart(query + i, part) : Load(query + i));
      }
    }
    first += heads;
    tile += heads * PadDim(head_dim);
  }
}

/// The rows a kernel reads, in this order.
struct RowOrder {
  const uint32_t* indices;  ///< null for rows 0 to n - 1
  size_t n;                 ///< at least 1
  size_t head_dim;

  size_t BlockRows() const { return indices == nullptr ? kRangeRows : kListRows; }
  size_t Blocks() const { return (n + BlockRows() - 1) / BlockRows(); }
  /// Rows of block `i`.
  size_t RowsOf(size_t i) const {
    const size_t left = n - i * BlockRows();
    return left < BlockRows() ? left : BlockRows();
  }
};

/// Where the rows of one block begin, and the kNearRows that follow them; the last of the order
/// stands in for those beyond it.
template <typename T>
struct RowBlock {
  static_assert(kListRows % kTileRows == 0 && kRangeRows % kTileRows == 0);
  const T* rows[kBlockRows + kNearRows];
};

/// Fills a block with the kRows rows of `elements` from `first` of the order on and those near
/// them.
template <size_t kRows, typename T>
inline void FillRows(const RowOrder& order, size_t first, const T* elements, RowBlock<T>* block) {
  constexpr size_t kFilled = kRows + kNearRows;
  const size_t left = order.n - first;
  if (order.indices == nullptr && left >= kFilled) {
    for (size_t r = 0; r < kFilled; ++r) block->rows[r] = elements + (first + r) * order.head_dim;
  } else if (left >= kFilled) {
    const uint32_t* indices = order.indices + first;
    for (size_t r = 0; r < kFilled; ++r) block->rows[r] = elements + indices[r] * order.head_dim;
  } else {
    for (size_t r = 0; r < kFilled; ++r) {
      const size_t at = first + (r < left ? r : left - 1);
      const size_t row = order.indices == nullptr ? at : order.indices[at];
      block->rows[r] = elements + row * order.head_dim;
    }
  }
}

/// Fills in block `i` of an order.
template <typename T>
inline void FillBlock(const RowOrder& order, size_t i, const void* elements, RowBlock<T>* block) {
  const size_t first = i * order.BlockRows();
  if (order.indices == nullptr) {
    FillRows<kRangeRows>(order, first, static_cast<const T*>(elements), block);
  } else {
    FillRows<kListRows>(order, first, static_cast<const T*>(elements), block);
  }
}

template <typename T>
SPARSETUNE_INLINE void PrefetchRow(const T* row, size_t head_dim) {
  const char* bytes = reinterpret_cast<const char*>(row);
  for (size_t i = 0; i < head_dim * sizeof(T); i += kLineBytes) Prefetch(bytes + i);
}

/// PrefetchRow into the first cache.
template <typename T>
SPARSETUNE_INLINE void PrefetchNearRow(const T* row, size_t head_dim) {
  const char* bytes = reinterpret_cast<const char*>(row);
  for (size_t i = 0; i < head_dim * sizeof(T); i += kLineBytes) PrefetchNear(bytes + i);
}

/// sums[g][r] += the products of keys[r] with a vector of each query; = where kFirst.
template <int kHeads, bool kFirst>
SPARSETUNE_INLINE void AddProducts(const float* panel, const Vec* keys, Vec (*sums)[kTileRows]) {
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    const Vec query = Load(panel + g * kLanes);
    SPARSETUNE_UNROLL
    for (size_t r = 0; r < kTileRows; ++r) {
      sums[g][r] = kFirst ? Mul(query, keys[r]) : MulAdd(query, keys[r], sums[g][r]);
    }
  }
}

/// AddProducts with the pair of vectors from dimension `i` on. Asks for the same part of the rows
/// near and of `next` if kAhead: all lines at once would take every fill buffer from the loads of
/// the tile itself.
template <int kHeads, bool kAhead, bool kFirst, typename T>
SPARSETUNE_INLINE void AddPair(const float* panel, const T* const* rows, const T* const* next,
                               size_t i, Vec (*sums)[kTileRows]) {
  if (kAhead && (kPair * sizeof(T) >= kLineBytes || i * sizeof(T) % kLineBytes == 0)) {
    SPARSETUNE_UNROLL
    for (size_t r = 0; r < kTileRows; ++r) {
      PrefetchRow(next[r] + i, kPair);
      PrefetchNearRow(rows[kNearRows + r] + i, kPair);
    }
  }
  Vec keys[kTileRows];
  SPARSETUNE_UNROLL
  for (size_t r = 0; r < kTileRows; ++r) keys[r] = LoadOfPair(rows[r] + i, 0);
  AddProducts<kHeads, kFirst>(panel, keys, sums);
  SPARSETUNE_UNROLL
  for (size_t r = 0; r < kTileRows; ++r) keys[r] = LoadOfPair(rows[r] + i, 1);
  AddProducts<kHeads, false>(panel + kHeads * kLanes, keys, sums);
}

/// Dot products of kTileRows rows with the `kHeads` queries of a panel's tile; writes kTileRows
/// scores per query. Asks for the rows near and as many of `next` if kAhead.
template <int kHeads, bool kAhead, typename T>
inline void ScoreTile(const float* panel, const T* const* rows, const T* const* next,
                      size_t head_dim, float* scores, size_t stride) {
  constexpr size_t kPairFloats = kHeads * kPair;
  Vec sums[kHeads][kTileRows];
  size_t i = 0;
  if (head_dim >= kPair) {
    AddPair<kHeads, kAhead, true>(panel, rows, next, 0, sums);
    i = kPair;
    panel += kPairFloats;
  } else {
    SPARSETUNE_UNROLL
    for (int g = 0; g < kHeads; ++g) {
      SPARSETUNE_UNROLL
      for (size_t r = 0; r < kTileRows; ++r) sums[g][r] = Zero();
    }
  }
  SPARSETUNE_UNROLL_TWICE
  for (; i + kPair <= head_dim; i += kPair, panel += kPairFloats) {
    AddPair<kHeads, kAhead, false>(panel, rows, next, i, sums);
  }
  for (; i < head_dim; i += kLanes, panel += kHeads * kLanes) {
    const size_t part = head_dim - i;
    Vec keys[kTileRows];
    SPARSETUNE_UNROLL
    for (size_t r = 0; r < kTileRows; ++r) {
      if (kAhead) Prefetch(next[r] + i);
      if (kAhead) PrefetchNear(rows[kNearRows + r] + i);
      keys[r] = part < kLanes ? LoadPart(rows[r] + i, part) : Load(rows[r] + i);
    }
    AddProducts<kHeads, false>(panel, keys, sums);
  }
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    Store4(scores + g * stride, Reduce4(sums[g][0], sums[g][1], sums[g][2], sums[g][3]));
  }
}

/// ScoreTile of the next queries, of `left`; returns how many they were.
template <bool kAhead, typename T>
inline size_t ScoreNext(const float* panel, size_t left, const T* const* rows, const T* const* next,
                        size_t head_dim, float* scores, size_t stride) {
  const size_t n = TileQueries(left);
  if (n == kScoreHeads) {
    ScoreTile<kScoreHeads, kAhead>(panel, rows, next, head_dim, scores, stride);
  } else if (kScoreHeads == 4 && n == 3) {
    ScoreTile<3, kAhead>(panel, rows, next, head_dim, scores, stride);
  } else if (kScoreHeads == 4 && n == 2) {
    ScoreTile<2, kAhead>(panel, rows, next, head_dim, scores, stride);
  } else {
    ScoreTile<1, kAhead>(panel, rows, next, head_dim, scores, stride);
  }
  return n;
}

/// ScoreTile for the `n` queries of a panel, the first of which ask for rows ahead. `rows` and
/// `next` lie in RowBlocks: kNearRows + kTileRows pointers of `rows` are read.
template <typename T>
inline void ScoreTiles(const Panel& panel, size_t n, const T* const* rows, const T* const* next,
                       size_t head_dim, float* scores, size_t stride) {
  const size_t dim = PadDim(head_dim);
  size_t g = ScoreNext<true>(panel.floats, n, rows, next, head_dim, scores, stride);
  while (g < n) {
    g += ScoreNext<false>(panel.floats + g * dim, n - g, rows, next, head_dim, scores + g * stride,
                          stride);
  }
}
