// The attend kernel in terms of a vec.inl and scores_body.inl. Included inside a target region and
// the instruction set's own anonymous namespace; includes nothing itself.

constexpr size_t kBlockRows = 32;     ///< rows between two updates of the running softmax
constexpr size_t kBlockQueries = 32;  ///< queries whose weights fit the stack tile

/// The key and value rows of one block, filled up to kBlockRows with the last of them.
template <typename T>
struct Block {
  const T* keys[kBlockRows];
  const T* values[kBlockRows];
  size_t n;
};

template <typename T>
inline void FillBlock(const AttendRows& rows, size_t first, size_t head_dim, Block<T>* block) {
  const T* keys = static_cast<const T*>(rows.keys);
  const T* values = static_cast<const T*>(rows.values);
  block->n = rows.n - first < kBlockRows ? rows.n - first : kBlockRows;
  for (size_t r = 0; r < kBlockRows; ++r) {
    const size_t at = first + (r < block->n ? r : block->n - 1);
    const size_t row = rows.indices == nullptr ? at : rows.indices[at];
    block->keys[r] = keys + row * head_dim;
    block->values[r] = values + row * head_dim;
  }
}

/// Asks for the rows of the block after this one, tile by tile, while this one is scored.
template <typename T>
inline void PrefetchTile(const AttendRows& rows, size_t first, size_t head_dim) {
  const size_t end = first + kTileRows < rows.n ? first + kTileRows : rows.n;
  for (size_t at = first; at < end; ++at) {
    const size_t row = rows.indices == nullptr ? at : rows.indices[at];
    PrefetchRow(static_cast<const T*>(rows.keys) + row * head_dim, head_dim);
    PrefetchRow(static_cast<const T*>(rows.values) + row * head_dim, head_dim);
  }
}

/// Turns the raw scores of one query into weights exp(score + log weight - max) and returns the
/// factor by which a risen max shrinks what was summed before.
inline float SoftmaxBlock(float scale, const float* log_weights, size_t n, float* weights,
                          float* max, float* sum) {
  const Vec factor = Set1(scale);
  const float infinity = __builtin_inff();
  for (size_t r = n; r < kBlockRows; ++r) weights[r] = -infinity;
  Vec top = Set1(-infinity);
  for (size_t r = 0; r < kBlockRows; r += kLanes) {
    Vec score = Mul(Load(weights + r), factor);
    if (r + kLanes > n) {
      float padded[kLanes];
      Store(padded, score);
      for (size_t i = 0; i < kLanes; ++i) {
        if (r + i >= n) padded[i] = -infinity;
        if (r + i < n && log_weights != nullptr) padded[i] += log_weights[r + i];
      }
      score = Load(padded);
    } else if (log_weights != nullptr) {
      score = Add(score, Load(log_weights + r));
    }
    Store(weights + r, score);
    top = Max(top, score);
  }
  const float block_max = ReduceMax(top);
  const float old_max = *max;
  const float new_max = block_max > old_max ? block_max : old_max;
  const Vec base = Set1(new_max == -infinity ? 0.0f : new_max);
  Vec total = Zero();
  for (size_t r = 0; r < kBlockRows; r += kLanes) {
    const Vec weight = Exp(Sub(Load(weights + r), base));
    Store(weights + r, weight);
    total = Add(total, weight);
  }
  float shrink = 1.0f;
  if (new_max > old_max) {
    float exps[kLanes];
    Store(exps, Exp(Set1(old_max - new_max)));
    shrink = exps[0];
  }
  *sum = *sum * shrink + ReduceAdd(total);
  *max = new_max;
  return shrink;
}

/// out[g] = out[g] * shrink[g] + sum over rows of weights[g][r] * values[r], for kHeads queries and
/// kVecs vectors of dimensions from `at`; `part` elements of the only vector where not 0.
template <int kHeads, int kVecs, bool kPart, typename T>
inline void ValueTile(const Block<T>& block, size_t at, size_t part, const float* weights,
                      const float* shrink, float* out, size_t head_dim) {
  Vec sums[kHeads][kVecs];
  for (int g = 0; g < kHeads; ++g) {
    const Vec factor = Set1(shrink[g]);
    for (int c = 0; c < kVecs; ++c) {
      const float* p = out + g * head_dim + at + c * kLanes;
      sums[g][c] = Mul(kPart ? LoadPart(p, part) : Load(p), factor);
    }
  }
  for (size_t r = 0; r < block.n; ++r) {
    Vec weight[kHeads];
    for (int g = 0; g < kHeads; ++g) weight[g] = Set1(weights[g * kBlockRows + r]);
    for (int c = 0; c < kVecs; ++c) {
      const T* p = block.values[r] + at + c * kLanes;
      const Vec value = kPart ? LoadPart(p, part) : Load(p);
      for (int g = 0; g < kHeads; ++g) sums[g][c] = MulAdd(weight[g], value, sums[g][c]);
    }
  }
  for (int g = 0; g < kHeads; ++g) {
    for (int c = 0; c < kVecs; ++c) {
      float* p = out + g * head_dim + at + c * kLanes;
      if (kPart) {
        StorePart(p, sums[g][c], part);
      } else {
        Store(p, sums[g][c]);
      }
    }
  }
}

/// ValueTile over all dimensions.
template <int kHeads, typename T>
inline void ValueTiles(const Block<T>& block, const float* weights, const float* shrink, float* out,
                       size_t head_dim) {
  size_t at = 0;
  for (; at + kValueVecs * kLanes <= head_dim; at += kValueVecs * kLanes) {
    ValueTile<kHeads, kValueVecs, false>(block, at, 0, weights, shrink, out, head_dim);
  }
  if (at + kValueVecs / 2 * kLanes <= head_dim) {
    ValueTile<kHeads, kValueVecs / 2, false>(block, at, 0, weights, shrink, out, head_dim);
    at += kValueVecs / 2 * kLanes;
  }
  for (; at + kLanes <= head_dim; at += kLanes) {
    ValueTile<kHeads, 1, false>(block, at, 0, weights, shrink, out, head_dim);
  }
  if (at < head_dim) {
    ValueTile<kHeads, 1, true>(block, at, head_dim - at, weights, shrink, out, head_dim);
  }
}

/// Adds one block of rows to at most kBlockQueries queries from `first_query`.
template <typename T>
void AttendBlock(const AttendQueries& queries, const AttendRows& rows, const Block<T>& block,
                 size_t first_row, size_t first_query, AttendState* state) {
  alignas(64) float weights[kBlockQueries * kBlockRows];
  float shrink[kBlockQueries];
  const size_t left = queries.n - first_query;
  const size_t n = left < kBlockQueries ? left : kBlockQueries;
  const size_t head_dim = queries.head_dim;
  for (size_t r = 0; r < block.n; r += kTileRows) {
    if (first_query == 0) PrefetchTile<T>(rows, first_row + kBlockRows + r, head_dim);
    ScoreTiles(queries.rows + first_query, n, block.keys + r, head_dim, weights + r, kBlockRows);
  }
  for (size_t g = 0; g < n; ++g) {
    const size_t query = first_query + g;
    const float* log_weights = nullptr;
    if (rows.log_weights != nullptr) {
      log_weights = rows.log_weights + query * rows.weight_stride + first_row;
    }
    shrink[g] = SoftmaxBlock(queries.scale, log_weights, block.n, weights + g * kBlockRows,
                             state->max + query, state->sum + query);
  }
  float* out = state->values + first_query * head_dim;
  size_t g = 0;
  // Four queries are two pairs, not three and one: a pass over the values costs its loads.
  for (; g + kValueHeads <= n && n - g != 4; g += kValueHeads) {
    ValueTiles<kValueHeads>(block, weights + g * kBlockRows, shrink + g, out + g * head_dim,
                            head_dim);
  }
  for (; g + 2 <= n; g += 2) {
    ValueTiles<2>(block, weights + g * kBlockRows, shrink + g, out + g * head_dim, head_dim);
  }
  if (g < n) {
    ValueTiles<1>(block, weights + g * kBlockRows, shrink + g, out + g * head_dim, head_dim);
  }
}

template <typename T>
void AttendRowsOf(const AttendQueries& queries, const AttendRows& rows, AttendState* state) {
  for (size_t first = 0; first < rows.n; first += kBlockRows) {
    Block<T> block;
    FillBlock(rows, first, queries.head_dim, &block);
    for (size_t query = 0; query < queries.n; query += kBlockQueries) {
      AttendBlock(queries, rows, block, first, query, state);
    }
  }
}
