// The loop over rows of the score kernel. Included after scores_body.inl, in the same namespace.

/// Scores of the `n_rows` rows of a block with the `n` queries of a panel.
template <typename T>
inline void ScoreBlock(const Panel& panel, size_t n, const RowBlock<T>& block,
                       const RowBlock<T>& next, size_t n_rows, size_t head_dim, float* scores,
                       size_t stride) {
  size_t first = 0;
  for (; first + kTileRows <= n_rows; first += kTileRows) {
    ScoreTiles(panel, n, block.rows + first, next.rows + first, head_dim, scores + first, stride);
  }
  if (first == n_rows) return;
  float tile[kPanelQueries * kTileRows];
  ScoreTiles(panel, n, block.rows + first, next.rows + first, head_dim, tile, kTileRows);
  for (size_t g = 0; g < n; ++g) {
    for (size_t r = first; r < n_rows; ++r) {
      scores[g * stride + r] = tile[g * kTileRows + r - first];
    }
  }
}

/// Scores of all rows with the `n` queries of a panel.
template <typename T>
void ScorePanel(const Panel& panel, size_t n, const ScoreRows& rows, float* scores, size_t stride) {
  const RowOrder order = {rows.indices, rows.n, rows.head_dim};
  const size_t n_blocks = order.Blocks();
  RowBlock<T> blocks[2];
  FillBlock(order, 0, rows.keys, &blocks[0]);
  for (size_t i = 0; i < n_blocks; ++i) {
    RowBlock<T>& block = blocks[i % 2];
    RowBlock<T>& next = i + 1 < n_blocks ? blocks[(i + 1) % 2] : block;
    if (i + 1 < n_blocks) FillBlock(order, i + 1, rows.keys, &next);
    ScoreBlock(panel, n, block, next, order.RowsOf(i), rows.head_dim,
               scores + i * order.BlockRows(), stride);
  }
}

template <typename T>
void ScoreRowsOf(const float* const* queries, size_t n_queries, const ScoreRows& rows,
                 float* scores, size_t stride) {
  if (rows.n == 0) return;
  Panel panel;
  const size_t capacity = Panel::Capacity(rows.head_dim);
  for (size_t first = 0; first < n_queries; first += capacity) {
    const size_t n = n_queries - first < capacity ? n_queries - first : capacity;
    FillPanel<T>(queries + first, n, rows.head_dim, &panel);
    ScorePanel<T>(panel, n, rows, scores + first * stride, stride);
  }
}
