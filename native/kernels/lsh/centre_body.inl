// Centring of keys in terms of a vec.inl. Included inside a target region and the instruction set's
// own anonymous namespace; includes nothing itself.

template <typename T>
void AddRowsOf(const LshRows& rows, double* sums) {
  const size_t head_dim = rows.head_dim;
  for (size_t r = 0; r < rows.n; ++r) {
    const T* row = static_cast<const T*>(rows.keys) + r * head_dim;
    size_t i = 0;
    for (; i + kLanes <= head_dim; i += kLanes) AddDoubles(Load(row + i), sums + i);
    if (i == head_dim) continue;
    float part[kLanes];
    Store(part, LoadPart(row + i, head_dim - i));
    for (size_t j = 0; i + j < head_dim; ++j) sums[i + j] += part[j];
  }
}

/// One row, centred; returns its norm.
template <typename T>
inline float CentreRow(const T* row, const float* mean, size_t head_dim, float* centred) {
  double sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= head_dim; i += kLanes) {
    const Vec x = Sub(Load(row + i), Load(mean + i));
    Store(centred + i, x);
    AddSquares(x, sums);
  }
  if (i < head_dim) {
    const size_t n = head_dim - i;
    const Vec x = Sub(LoadPart(row + i, n), LoadPart(mean + i, n));
    StorePart(centred + i, x, n);
    AddSquares(x, sums);
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return static_cast<float>(__builtin_sqrt(sum));
}

template <typename T>
void CentreOf(const LshRows& rows, const float* mean, float* centred, float* norms) {
  for (size_t r = 0; r < rows.n; ++r) {
    norms[r] = CentreRow(static_cast<const T*>(rows.keys) + r * rows.head_dim, mean, rows.head_dim,
                         centred + r * rows.head_dim);
  }
}
