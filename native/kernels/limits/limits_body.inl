// Bodies of the limits. Included inside a target region, after that instruction set's vec_*.inl.

constexpr size_t kStreamStep = 64;  ///< floats: 4 cache lines
constexpr size_t kLineFloats = 16;
constexpr size_t kNearBytes = 2048;  ///< as far as the attention kernels', of rows in 16 bit

inline float StreamReadBody(const float* data, size_t n, size_t ahead) {
  Vec sums[4] = {Zero(), Zero(), Zero(), Zero()};
  for (size_t i = 0; i < n; i += kStreamStep) {
    if (ahead > 0) {
      for (size_t line = 0; line < kStreamStep; line += kLineFloats) {
        const char* bytes = reinterpret_cast<const char*>(data + i + line);
        Prefetch(bytes + ahead);
        PrefetchNear(bytes + kNearBytes);
      }
    }
    for (size_t j = 0; j < kStreamStep; j += 4 * kLanes) {
      for (size_t k = 0; k < 4; ++k) sums[k] = Add(sums[k], Load(data + i + j + k * kLanes));
    }
  }
  return ReduceAdd(Add(Add(sums[0], sums[1]), Add(sums[2], sums[3])));
}

inline float GatherReadBody(const GatherRows& rows, size_t rows_ahead) {
  Vec sums[2] = {Zero(), Zero()};
  for (size_t r = 0; r < rows.n; ++r) {
    if (rows_ahead > 0 && r + rows_ahead < rows.n) {
      const float* later = rows.table + rows.indices[r + rows_ahead] * rows.row_floats;
      for (size_t i = 0; i < rows.row_floats; i += kLineFloats) Prefetch(later + i);
    }
    const float* row = rows.table + rows.indices[r] * rows.row_floats;
    for (size_t i = 0; i < rows.row_floats; i += kLanes) {
      sums[i / kLanes % 2] = Add(sums[i / kLanes % 2], Load(row + i));
    }
  }
  return ReduceAdd(Add(sums[0], sums[1]));
}

template <size_t kChains>
inline float FmaRoundsBody(size_t n_rounds) {
  Vec chains[kChains];
  for (size_t i = 0; i < kChains; ++i) chains[i] = Set1(static_cast<float>(i));
  const Vec factor = Set1(0.5f);
  const Vec addend = Set1(1.0f);
  for (size_t round = 0; round < n_rounds; ++round) {
    for (size_t i = 0; i < kChains; ++i) chains[i] = MulAdd(chains[i], factor, addend);
  }
  Vec sum = Zero();
  for (size_t i = 0; i < kChains; ++i) sum = Add(sum, chains[i]);
  return ReduceAdd(sum);
}
