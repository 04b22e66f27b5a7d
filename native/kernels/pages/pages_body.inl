// The page scores in terms of a vec.inl. Included inside a target region and the instruction set's
// own anonymous namespace; includes nothing itself.

template <typename T>
inline float PageScore(const float* query, const T* low, const T* high, size_t head_dim) {
  Vec sum = Zero();
  size_t i = 0;
  for (; i + kLanes <= head_dim; i += kLanes) {
    const Vec q = Load(query + i);
    sum = Add(sum, Max(Mul(q, Load(low + i)), Mul(q, Load(high + i))));
  }
  if (i < head_dim) {
    const size_t n = head_dim - i;
    const Vec q = LoadPart(query + i, n);
    sum = Add(sum, Max(Mul(q, LoadPart(low + i, n)), Mul(q, LoadPart(high + i, n))));
  }
  return ReduceAdd(sum);
}

template <typename T>
void PageScoresOf(const float* const* queries, size_t n_queries, const PageBounds& pages,
                  float* scores, size_t stride) {
  const T* bounds = static_cast<const T*>(pages.bounds);
  for (size_t p = 0; p < pages.n; ++p) {
    const T* low = bounds + 2 * p * pages.head_dim;
    for (size_t g = 0; g < n_queries; ++g) {
      scores[g * stride + p] = PageScore<T>(queries[g], low, low + pages.head_dim, pages.head_dim);
    }
  }
}
