// The attend kernel in terms of a vec.inl and scores_body.inl. Included inside a target region and
// the instruction set's own anonymous namespace; includes nothing itself.

constexpr float kInfinity = __builtin_inff();

/// The key and value rows of one block.
template <typename T>
struct KvBlock {
  RowBlock<T> keys;  ///< unless the scores are known
  RowBlock<T> values;
  size_t n;
};

/// The softmax of at most kPanelQueries queries under way.
struct Progress {
  alignas(64) float sums[kPanelQueries][kLanes];  ///< of the weights, by lane
  alignas(64) float weights[kPanelQueries * kBlockRows];
  Panel panel;  ///< unless the scores are known
  float* max;
  float* values;  ///< [n, head_dim], in the order of LoadOfPair
  size_t head_dim;
};

/// Fills in block `i` of the rows.
template <typename T>
inline void FillKvBlock(const AttendRows& rows, const RowOrder& order, size_t i,
                        KvBlock<T>* block) {
  FillBlock(order, i, rows.values, &block->values);
  if (rows.keys != nullptr) FillBlock(order, i, rows.keys, &block->keys);
  block->n = order.RowsOf(i);
}

/// Multiplies what query `g` summed so far by exp(old max - new max).
inline void RaiseMax(float new_max, size_t g, Progress* progress) {
  const Vec shrink = Exp(Set1(progress->max[g] - new_max));
  Store(progress->sums[g], Mul(Load(progress->sums[g]), shrink));
  float* values = progress->values + g * progress->head_dim;
  size_t i = 0;
  for (; i + kLanes <= progress->head_dim; i += kLanes) {
    Store(values + i, Mul(Load(values + i), shrink));
  }
  const size_t rest = progress->head_dim - i;
  if (rest > 0) StorePart(values + i, Mul(LoadPart(values + i, rest), shrink), rest);
  progress->max[g] = new_max;
}

/// Turns the raw scores of query `g` with a block of `n` rows into weights
/// exp(score + log weight - max).
inline void SoftmaxBlock(float scale, const float* log_weights, size_t n, size_t g,
                         Progress* progress) {
  float* weights = progress->weights + g * kBlockRows;
  const Vec factor = Set1(scale);
  Vec top = Set1(-kInfinity);
  for (size_t r = 0; r < n; r += kLanes) {
    Vec score = Mul(Load(weights + r), factor);
    if (r + kLanes <= n) {
      if (log_weights != nullptr) score = Add(score, Load(log_weights + r));
    } else {
      const size_t part = n - r;
      if (log_weights != nullptr) score = Add(score, LoadPart(log_weights + r, part));
      score = SelectPart(part, score, Set1(-kInfinity));
    }
    Store(weights + r, score);
    top = Max(top, score);
  }
  if (AnyGreater(top, Set1(progress->max[g]))) RaiseMax(ReduceMax(top), g, progress);
  const float max = progress->max[g];
  const Vec base = Set1(max == -kInfinity ? 0.0f : max);
  Vec sum = Load(progress->sums[g]);
  for (size_t r = 0; r < n; r += kLanes) {
    const Vec weight = Exp(Sub(Load(weights + r), base));
    Store(weights + r, weight);
    sum = Add(sum, weight);
  }
  Store(progress->sums[g], sum);
}

/// values[g] += sum over rows of weights[g][r] * row r, for kHeads queries from `first` and kVecs
/// vectors of dimensions from `at`, or `part` elements of one vector. Asks for the same part of
/// rows ahead if kAhead.
template <int kHeads, int kVecs, bool kAhead, typename T>
SPARSETUNE_NOINLINE void ValueTile(const KvBlock<T>& block, const KvBlock<T>& next, size_t first,
                                   size_t at, size_t part, Progress* progress) {
  const size_t head_dim = progress->head_dim;
  float* out = progress->values + first * head_dim + at;
  const float* weights = progress->weights + first * kBlockRows;
  const T* const* rows = block.values.rows;
  Vec sums[kHeads][kVecs];
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    SPARSETUNE_UNROLL
    for (int c = 0; c < kVecs; ++c) {
      const float* p = out + g * head_dim + c * kLanes;
      sums[g][c] = part < kLanes ? LoadPart(p, part) : Load(p);
    }
  }
  SPARSETUNE_UNROLL_TWICE
  for (size_t r = 0; r < block.n; ++r) {
    if (kAhead) {
      PrefetchRow(next.values.rows[r] + at, kVecs * kLanes);
      PrefetchNearRow(rows[kNearRows + r] + at, kVecs * kLanes);
    }
    Vec weight[kHeads];
    SPARSETUNE_UNROLL
    for (int g = 0; g < kHeads; ++g) weight[g] = Set1(weights[g * kBlockRows + r]);
    const T* row = rows[r] + at;
    SPARSETUNE_UNROLL
    for (int c = 0; c < kVecs; ++c) {
      const Vec value = kVecs > 1       ? LoadOfPair(row, c)
                        : part < kLanes ? LoadPart(row, part)
                                        : Load(row);
      SPARSETUNE_UNROLL
      for (int g = 0; g < kHeads; ++g) sums[g][c] = MulAdd(weight[g], value, sums[g][c]);
    }
  }
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    SPARSETUNE_UNROLL
    for (int c = 0; c < kVecs; ++c) {
      float* p = out + g * head_dim + c * kLanes;
      if (part < kLanes) {
        StorePart(p, sums[g][c], part);
      } else {
        Store(p, sums[g][c]);
      }
    }
  }
}

/// ValueTile over all dimensions.
template <int kHeads, bool kAhead, typename T>
inline void ValueTiles(const KvBlock<T>& block, const KvBlock<T>& next, size_t first,
                       Progress* progress) {
  constexpr int kVecs = ValueVecs(kHeads);
  const size_t head_dim = progress->head_dim;
  size_t at = 0;
  for (; at + kVecs * kLanes <= head_dim; at += kVecs * kLanes) {
    ValueTile<kHeads, kVecs, kAhead>(block, next, first, at, kLanes, progress);
  }
  for (; at + kPair <= head_dim; at += kPair) {
    ValueTile<kHeads, 2, kAhead>(block, next, first, at, kLanes, progress);
  }
  for (; at < head_dim; at += kLanes) {
    const size_t part = head_dim - at < kLanes ? head_dim - at : kLanes;
    ValueTile<kHeads, 1, kAhead>(block, next, first, at, part, progress);
  }
}

/// ValueTiles of the next queries from `first` on, of `left`; returns how many they were.
template <bool kAhead, typename T>
inline size_t AddValuesNext(const KvBlock<T>& block, const KvBlock<T>& next, size_t first,
                            size_t left, Progress* progress) {
  if (left >= 4 && left != 5 && left != 6) {  // 5 and 6 are better cut as 3 + 2 and 3 + 3
    ValueTiles<4, kAhead>(block, next, first, progress);
    return 4;
  }
  if (left >= 3) {
    ValueTiles<3, kAhead>(block, next, first, progress);
    return 3;
  }
  if (left == 2) {
    ValueTiles<2, kAhead>(block, next, first, progress);
    return 2;
  }
  ValueTiles<1, kAhead>(block, next, first, progress);
  return 1;
}

/// Adds the values of a block for `n` queries; the first tile asks for those ahead.
template <typename T>
inline void AddValues(const KvBlock<T>& block, const KvBlock<T>& next, size_t n,
                      Progress* progress) {
  size_t g = AddValuesNext<true>(block, next, 0, n, progress);
  while (g < n) g += AddValuesNext<false>(block, next, g, n - g, progress);
}

/// Brings the sums of `n` queries into the order of LoadOfPair, or back.
template <typename T, bool kBack>
inline void OrderValues(size_t n, Progress* progress) {
  if (!kApart<T>) return;
  for (size_t g = 0; g < n; ++g) {
    float* values = progress->values + g * progress->head_dim;
    for (size_t i = 0; i + kPair <= progress->head_dim; i += kPair) {
      Vec first = Load(values + i);
      Vec second = Load(values + i + kLanes);
      if (kBack) {
        PutTogether(&first, &second);
      } else {
        TakeApart(&first, &second);
      }
      Store(values + i, first);
      Store(values + i + kLanes, second);
    }
  }
}

/// Scores of a block for `n` queries, before scale and log weights: 0 where those hold it all. Asks
/// for the keys ahead, and for the values of the first block itself, a few at a time.
template <typename T>
inline void ScoreBlock(size_t n, bool is_scored, bool is_first, const KvBlock<T>& block,
                       const KvBlock<T>& next, Progress* progress) {
  if (is_scored) {
    for (size_t i = 0; i < n * kBlockRows; i += kLanes) Store(progress->weights + i, Zero());
    return;
  }
  for (size_t r = 0; r < block.n; r += kTileRows) {
    for (size_t i = r; is_first && i < r + kTileRows; ++i) {
      PrefetchRow(block.values.rows[i], progress->head_dim);
    }
    ScoreTiles(progress->panel, n, block.keys.rows + r, next.keys.rows + r, progress->head_dim,
               progress->weights + r, kBlockRows);
  }
}

/// Adds all rows to as many queries as fit into a panel. While a block is at work the rows ahead
/// are on their way from memory, a few at a time: keys during the scores, values during the sums.
template <typename T>
void AttendRowsOf(const AttendQueries& queries, const AttendRows& rows, size_t first_query,
                  size_t n, AttendState* state) {
  const size_t head_dim = queries.head_dim;
  Progress progress;
  progress.max = state->max + first_query;
  progress.values = state->values + first_query * head_dim;
  progress.head_dim = head_dim;
  for (size_t g = 0; g < n; ++g) Store(progress.sums[g], First(state->sum[first_query + g]));
  OrderValues<T, false>(n, &progress);
  const bool is_scored = rows.keys == nullptr;
  const RowOrder order = {rows.indices, rows.n, head_dim};
  const size_t n_blocks = order.Blocks();
  KvBlock<T> blocks[2];
  FillKvBlock(rows, order, 0, &blocks[0]);
  for (size_t r = 0; r < blocks[0].n; ++r) {
    PrefetchRow(is_scored ? blocks[0].values.rows[r] : blocks[0].keys.rows[r], head_dim);
  }
  if (!is_scored) FillPanel<T>(queries.rows + first_query, n, head_dim, &progress.panel);
  for (size_t i = 0; i < n_blocks; ++i) {
    KvBlock<T>& block = blocks[i % 2];
    KvBlock<T>& next = i + 1 < n_blocks ? blocks[(i + 1) % 2] : block;
    if (i + 1 < n_blocks) FillKvBlock(rows, order, i + 1, &next);
    ScoreBlock(n, is_scored, i == 0, block, next, &progress);
    for (size_t g = 0; g < n; ++g) {
      const float* log_weights = nullptr;
      if (rows.log_weights != nullptr) {
        log_weights =
            rows.log_weights + (first_query + g) * rows.weight_stride + i * order.BlockRows();
      }
      SoftmaxBlock(queries.scale, log_weights, block.n, g, &progress);
    }
    AddValues(block, next, n, &progress);
  }
  OrderValues<T, true>(n, &progress);
  for (size_t g = 0; g < n; ++g) state->sum[first_query + g] = ReduceAdd(Load(progress.sums[g]));
}

/// AttendRowsOf for any number of queries.
template <typename T>
void AttendAll(const AttendQueries& queries, const AttendRows& rows, AttendState* state) {
  if (rows.n == 0) return;
  const size_t capacity = Panel::Capacity(queries.head_dim);
  for (size_t first = 0; first < queries.n; first += capacity) {
    const size_t left = queries.n - first;
    AttendRowsOf<T>(queries, rows, first, left < capacity ? left : capacity, state);
  }
}
