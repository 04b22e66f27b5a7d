// The score kernel in terms of a vec.inl. Included inside a target region and the instruction set's
// own anonymous namespace; includes nothing itself.

constexpr size_t kTileRows = 4;
constexpr size_t kLineBytes = 64;

/// Dot products of kTileRows rows with `kHeads` queries; writes kTileRows scores per query. Asks
/// for as many rows of `next`, unless null, a line of each at a time: all lines at once would take
/// every fill buffer from the loads of the tile itself.
template <int kHeads, typename T>
inline void ScoreTile(const float* const* queries, const T* const* rows, const T* const* next,
                      size_t head_dim, float* scores, size_t stride) {
  Vec sums[kHeads][kTileRows];
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    SPARSETUNE_UNROLL
    for (size_t r = 0; r < kTileRows; ++r) sums[g][r] = Zero();
  }
  size_t i = 0;
  for (; i + kLanes <= head_dim; i += kLanes) {
    if (next != nullptr && i * sizeof(T) % kLineBytes == 0) {
      SPARSETUNE_UNROLL
      for (size_t r = 0; r < kTileRows; ++r) Prefetch(next[r] + i);
    }
    Vec keys[kTileRows];
    SPARSETUNE_UNROLL
    for (size_t r = 0; r < kTileRows; ++r) keys[r] = Load(rows[r] + i);
    SPARSETUNE_UNROLL
    for (int g = 0; g < kHeads; ++g) {
      const Vec query = Load(queries[g] + i);
      SPARSETUNE_UNROLL
      for (size_t r = 0; r < kTileRows; ++r) sums[g][r] = MulAdd(query, keys[r], sums[g][r]);
    }
  }
  if (i < head_dim) {
    SPARSETUNE_UNROLL
    for (int g = 0; g < kHeads; ++g) {
      const Vec query = LoadPart(queries[g] + i, head_dim - i);
      SPARSETUNE_UNROLL
      for (size_t r = 0; r < kTileRows; ++r) {
        sums[g][r] = MulAdd(query, LoadPart(rows[r] + i, head_dim - i), sums[g][r]);
      }
    }
  }
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    Store4(scores + g * stride, Reduce4(sums[g][0], sums[g][1], sums[g][2], sums[g][3]));
  }
}

/// ScoreTile for any number of queries, the first of which ask for `next`.
template <typename T>
inline void ScoreTiles(const float* const* queries, size_t n_queries, const T* const* rows,
                       const T* const* next, size_t head_dim, float* scores, size_t stride) {
  size_t g = 0;
  for (; g + kScoreHeads <= n_queries; g += kScoreHeads, next = nullptr) {
    ScoreTile<kScoreHeads, T>(queries + g, rows, next, head_dim, scores + g * stride, stride);
  }
  if (kScoreHeads == 4 && n_queries - g == 3) {
    ScoreTile<3, T>(queries + g, rows, next, head_dim, scores + g * stride, stride);
    return;
  }
  if (kScoreHeads == 4 && n_queries - g == 2) {
    ScoreTile<2, T>(queries + g, rows, next, head_dim, scores + g * stride, stride);
    return;
  }
  for (; g < n_queries; ++g, next = nullptr) {
    ScoreTile<1, T>(queries + g, rows, next, head_dim, scores + g * stride, stride);
  }
}

template <typename T>
inline void PrefetchRow(const T* row, size_t head_dim) {
  const char* bytes = reinterpret_cast<const char*>(row);
  for (size_t i = 0; i < head_dim * sizeof(T); i += kLineBytes) Prefetch(bytes + i);
}
