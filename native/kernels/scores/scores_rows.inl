// The loop over rows of the score kernel. Included after scores_body.inl, in the same namespace.

// Rows between the one scored and the one prefetched; those of a list take longer to come.
constexpr size_t kRangeAhead = 32;
constexpr size_t kListAhead = 64;

/// The rows of one tile; beyond the end the last row stands in, and its score is dropped.
template <typename T>
inline size_t TileRowPointers(const ScoreRows& rows, size_t first, const T** pointers) {
  const T* keys = static_cast<const T*>(rows.keys);
  const size_t n = rows.n - first < kTileRows ? rows.n - first : kTileRows;
  for (size_t r = 0; r < kTileRows; ++r) {
    const size_t at = first + (r < n ? r : n - 1);
    pointers[r] = keys + (rows.indices == nullptr ? at : rows.indices[at]) * rows.head_dim;
  }
  return n;
}

/// Scores of rows with the `n` queries of a panel.
template <typename T>
void ScorePanel(const Panel& panel, size_t n, const ScoreRows& rows, float* scores, size_t stride) {
  const size_t ahead = rows.indices == nullptr ? kRangeAhead : kListAhead;
  for (size_t first = 0; first < rows.n; first += kTileRows) {
    const T* pointers[kTileRows];
    const T* later[kTileRows];
    const size_t n_rows = TileRowPointers(rows, first, pointers);
    const bool has_later = first + ahead < rows.n;
    if (has_later) TileRowPointers(rows, first + ahead, later);
    const T* const* next = has_later ? later : nullptr;
    if (n_rows == kTileRows) {
      ScoreTiles(panel, n, pointers, next, rows.head_dim, scores + first, stride);
      continue;
    }
    float tile[kPanelQueries * kTileRows];
    ScoreTiles<T>(panel, n, pointers, nullptr, rows.head_dim, tile, kTileRows);
    for (size_t g = 0; g < n; ++g) {
      for (size_t r = 0; r < n_rows; ++r) scores[g * stride + first + r] = tile[g * kTileRows + r];
    }
  }
}

template <typename T>
void ScoreRowsOf(const float* const* queries, size_t n_queries, const ScoreRows& rows,
                 float* scores, size_t stride) {
  Panel panel;
  const size_t capacity = Panel::Capacity(rows.head_dim);
  for (size_t first = 0; first < n_queries; first += capacity) {
    const size_t n = n_queries - first < capacity ? n_queries - first : capacity;
    FillPanel<T>(queries + first, n, rows.head_dim, &panel);
    ScorePanel<T>(panel, n, rows, scores + first * stride, stride);
  }
}
