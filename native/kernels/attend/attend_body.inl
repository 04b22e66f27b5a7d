// The attend kernel in terms of a vec.inl and scores_body.inl. Included inside a target region and
// the instruction set's own anonymous namespace; includes nothing itself.

constexpr size_t kBlockRows = 32;     ///< rows scored before their values are added
constexpr size_t kBlockQueries = 32;  ///< queries that share one pass over the rows
constexpr float kInfinity = __builtin_inff();

/// The key and value rows of one block, filled up to kBlockRows with the last of them.
template <typename T>
struct Block {
  const T* keys[kBlockRows];  ///< unless the scores are known
  const T* values[kBlockRows];
  size_t n;
};

/// The softmax of at most kBlockQueries queries under way.
struct Progress {
  alignas(64) float sums[kBlockQueries][kLanes];  ///< of the weights, by lane
  alignas(64) float weights[kBlockQueries * kBlockRows];
  float* max;
  float* values;  ///< [n, head_dim]
  size_t head_dim;
};

template <typename T>
inline void FillBlock(const AttendRows& rows, size_t first, size_t head_dim, Block<T>* block) {
  const T* keys = static_cast<const T*>(rows.keys);
  const T* values = static_cast<const T*>(rows.values);
  block->n = rows.n - first < kBlockRows ? rows.n - first : kBlockRows;
  for (size_t r = 0; r < kBlockRows; ++r) {
    const size_t at = first + (r < block->n ? r : block->n - 1);
    const size_t row = rows.indices == nullptr ? at : rows.indices[at];
    if (keys != nullptr) block->keys[r] = keys + row * head_dim;
    block->values[r] = values + row * head_dim;
  }
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
  for (size_t r = 0; r < kBlockRows; r += kLanes) {
    Vec score = Mul(Load(weights + r), factor);
    if (r + kLanes <= n) {
      if (log_weights != nullptr) score = Add(score, Load(log_weights + r));
    } else {
      const size_t part = r < n ? n - r : 0;
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
  for (size_t r = 0; r < kBlockRows; r += kLanes) {
    const Vec weight = Exp(Sub(Load(weights + r), base));
    Store(weights + r, weight);
    sum = Add(sum, weight);
  }
  Store(progress->sums[g], sum);
}

/// values[g] += sum over rows of weights[g][r] * row r, for kHeads queries from `first` and kVecs
/// vectors of dimensions from `at`; `part` elements of the only vector where not 0. Asks for the
/// same part of `next`'s rows where that is given.
template <int kHeads, int kVecs, typename T>
inline void ValueTile(const Block<T>& block, const Block<T>* next, size_t first, size_t at,
                      size_t part, Progress* progress) {
  const size_t head_dim = progress->head_dim;
  float* out = progress->values + first * head_dim + at;
  const float* weights = progress->weights + first * kBlockRows;
  Vec sums[kHeads][kVecs];
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    SPARSETUNE_UNROLL
    for (int c = 0; c < kVecs; ++c) {
      const float* p = out + g * head_dim + c * kLanes;
      sums[g][c] = kVecs == 1 && part != 0 ? LoadPart(p, part) : Load(p);
    }
  }
  for (size_t r = 0; r < block.n; ++r) {
    if (next != nullptr) PrefetchRow(next->values[r] + at, kVecs * kLanes);
    Vec weight[kHeads];
    SPARSETUNE_UNROLL
    for (int g = 0; g < kHeads; ++g) weight[g] = Set1(weights[g * kBlockRows + r]);
    SPARSETUNE_UNROLL
    for (int c = 0; c < kVecs; ++c) {
      const T* p = block.values[r] + at + c * kLanes;
      const Vec value = kVecs == 1 && part != 0 ? LoadPart(p, part) : Load(p);
      SPARSETUNE_UNROLL
      for (int g = 0; g < kHeads; ++g) sums[g][c] = MulAdd(weight[g], value, sums[g][c]);
    }
  }
  SPARSETUNE_UNROLL
  for (int g = 0; g < kHeads; ++g) {
    SPARSETUNE_UNROLL
    for (int c = 0; c < kVecs; ++c) {
      float* p = out + g * head_dim + c * kLanes;
      if (kVecs == 1 && part != 0) {
        StorePart(p, sums[g][c], part);
      } else {
        Store(p, sums[g][c]);
      }
    }
  }
}

/// ValueTile over all dimensions.
template <int kHeads, typename T>
inline void ValueTiles(const Block<T>& block, const Block<T>* next, size_t first,
                       Progress* progress) {
  constexpr int kVecs = ValueVecs(kHeads);
  const size_t head_dim = progress->head_dim;
  size_t at = 0;
  for (; at + kVecs * kLanes <= head_dim; at += kVecs * kLanes) {
    ValueTile<kHeads, kVecs>(block, next, first, at, 0, progress);
  }
  if (at + kVecs / 2 * kLanes <= head_dim) {
    ValueTile<kHeads, kVecs / 2>(block, next, first, at, 0, progress);
    at += kVecs / 2 * kLanes;
  }
  for (; at + kLanes <= head_dim; at += kLanes) {
    ValueTile<kHeads, 1>(block, next, first, at, 0, progress);
  }
  if (at < head_dim) ValueTile<kHeads, 1>(block, next, first, at, head_dim - at, progress);
}

/// Adds the values of a block for `n` queries; the first tile asks for those of the next block.
template <typename T>
inline void AddValues(const Block<T>& block, const Block<T>& next, size_t n, Progress* progress) {
  const Block<T>* ahead = &next;
  for (size_t g = 0; g < n; ahead = nullptr) {
    const size_t left = n - g;
    if (left >= 4 && left != 5 && left != 6) {  // 5 and 6 are better cut as 3 + 2 and 3 + 3
      ValueTiles<4>(block, ahead, g, progress);
      g += 4;
    } else if (left >= 3) {
      ValueTiles<3>(block, ahead, g, progress);
      g += 3;
    } else if (left == 2) {
      ValueTiles<2>(block, ahead, g, progress);
      g += 2;
    } else {
      ValueTiles<1>(block, ahead, g, progress);
      g += 1;
    }
  }
}

/// Scores of a block for `n` queries, before scale and log weights: 0 where those hold it all. Asks
/// for the keys of the next block, a few at a time.
template <typename T>
inline void ScoreBlock(const float* const* queries, size_t n, bool is_scored, const Block<T>& block,
                       const Block<T>& next, Progress* progress) {
  if (is_scored) {
    for (size_t i = 0; i < n * kBlockRows; i += kLanes) Store(progress->weights + i, Zero());
    return;
  }
  for (size_t r = 0; r < block.n; r += kTileRows) {
    ScoreTiles(queries, n, block.keys + r, next.keys + r, progress->head_dim, progress->weights + r,
               kBlockRows);
  }
}

/// Adds all rows to at most kBlockQueries queries. While a block is at work its successor's rows
/// are on their way from memory, a few at a time: keys during the scores, values during the sums.
template <typename T>
void AttendRowsOf(const AttendQueries& queries, const AttendRows& rows, size_t first_query,
                  size_t n, AttendState* state) {
  const size_t head_dim = queries.head_dim;
  const float* const* query_rows = queries.rows + first_query;
  Progress progress;
  progress.max = state->max + first_query;
  progress.values = state->values + first_query * head_dim;
  progress.head_dim = head_dim;
  for (size_t g = 0; g < n; ++g) Store(progress.sums[g], First(state->sum[first_query + g]));
  Block<T> blocks[2];
  FillBlock(rows, 0, head_dim, &blocks[0]);
  // Nothing asked for the first block; its values arrive while its keys are scored.
  const bool is_scored = rows.keys == nullptr;
  if (!is_scored) {
    for (size_t r = 0; r < blocks[0].n; ++r) PrefetchRow(blocks[0].keys[r], head_dim);
  }
  for (size_t r = 0; r < blocks[0].n; ++r) PrefetchRow(blocks[0].values[r], head_dim);
  for (size_t first = 0; first < rows.n; first += kBlockRows) {
    const Block<T>& block = blocks[first / kBlockRows % 2];
    Block<T>& next = blocks[(first / kBlockRows + 1) % 2];
    FillBlock(rows, first + kBlockRows < rows.n ? first + kBlockRows : first, head_dim, &next);
    ScoreBlock(query_rows, n, is_scored, block, next, &progress);
    for (size_t g = 0; g < n; ++g) {
      const float* log_weights = nullptr;
      if (rows.log_weights != nullptr) {
        log_weights = rows.log_weights + (first_query + g) * rows.weight_stride + first;
      }
      SoftmaxBlock(queries.scale, log_weights, block.n, g, &progress);
    }
    AddValues(block, next, n, &progress);
  }
  for (size_t g = 0; g < n; ++g) state->sum[first_query + g] = ReduceAdd(Load(progress.sums[g]));
}

/// AttendRowsOf for any number of queries.
template <typename T>
void AttendAll(const AttendQueries& queries, const AttendRows& rows, AttendState* state) {
  if (rows.n == 0) return;
  for (size_t first = 0; first < queries.n; first += kBlockQueries) {
    const size_t left = queries.n - first;
    AttendRowsOf<T>(queries, rows, first, left < kBlockQueries ? left : kBlockQueries, state);
  }
}
