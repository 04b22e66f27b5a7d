// The steps of top_k in terms of a vec.inl and of the masks that each instruction set defines
// before it. Included inside a target region and the instruction set's own anonymous namespace;
// includes nothing itself.

/// More rounds than quickselect needs but for scores made against its pivots.
constexpr int kMaxRounds = 48;
constexpr size_t kPivotSample = 16;
/// From this many values on quickselect goes on by counting.
constexpr size_t kFewValues = 2 * kPivotSample;

/// Calls visit(i, the lanes that exist, the values) for each vector of `values`.
template <typename Visit>
inline void ForEachVec(const float* values, size_t n, Visit visit) {
  const size_t end = n - n % kLanes;
  for (size_t i = 0; i < end; i += kLanes) visit(i, kAllLanes, Load(values + i));
  if (end < n) visit(end, (1u << (n - end)) - 1u, LoadPart(values + end, n - end));
}

/// Number of values above and below a pivot.
struct Sides {
  size_t above = 0;
  size_t below = 0;
};

inline Sides CountSides(const float* values, size_t n, float pivot) {
  const Vec wall = Set1(pivot);
  Sides sides;
  ForEachVec(values, n, [&](size_t, uint32_t lanes, Vec v) {
    sides.above += CountLanes(Greater(v, wall) & lanes);
    sides.below += CountLanes(Greater(wall, v) & lanes);
  });
  return sides;
}

/// Moves the values of one side to the front; returns how many.
template <bool kAbove>
inline size_t KeepSide(float* values, size_t n, float pivot) {
  const Vec wall = Set1(pivot);
  size_t kept = 0;
  ForEachVec(values, n, [&](size_t, uint32_t lanes, Vec v) {
    const uint32_t bits = (kAbove ? Greater(v, wall) : Greater(wall, v)) & lanes;
    StorePacked(values + kept, v, bits);
    kept += CountLanes(bits);
  });
  return kept;
}

inline TopKCut CutAt(float value, size_t n, size_t k, const Sides& sides) {
  return {value, k - sides.above, n - sides.above - sides.below};
}

/// FindCut of few values, by counting.
inline TopKCut CutOfFew(const float* values, size_t n, size_t k) {
  for (size_t i = 0; i < n; ++i) {
    const Sides sides = CountSides(values, n, values[i]);
    if (sides.above < k && n - sides.below >= k) return CutAt(values[i], n, k, sides);
  }
  return {values[0], 1, 1};  // only with NaN, which the caller finds
}

inline float Pivot(const float* values, size_t n, size_t k) {
  float sample[kPivotSample];
  for (size_t i = 0; i < kPivotSample; ++i) sample[i] = values[i * n / kPivotSample];
  return CutOfFew(sample, kPivotSample, k * kPivotSample / (n + 1) + 1).threshold;
}

TopKCut SelectCut(float* values, size_t n, size_t k) {
  for (int round = 0; n > kFewValues; ++round) {
    if (round == kMaxRounds) return FindCut(values, n, k);
    const float pivot = Pivot(values, n, k);
    const Sides sides = CountSides(values, n, pivot);
    if (sides.above >= k) {
      n = KeepSide<true>(values, n, pivot);
    } else if (n - sides.below >= k) {
      return CutAt(pivot, n, k, sides);
    } else {
      k -= n - sides.below;
      n = KeepSide<false>(values, n, pivot);
    }
  }
  return CutOfFew(values, n, k);
}

size_t MarkScores(const float* scores, size_t n, float low, uint64_t* marks) {
  const Vec wall = Set1(low);
  size_t n_marked = 0;
  for (size_t first = 0; first < n; first += 64) {
    uint64_t word = 0;
    const auto mark = [&](size_t i, uint32_t lanes, Vec v) {
      word |= static_cast<uint64_t>(NotBelow(v, wall) & lanes) << i;
    };
    if (first + 64 <= n) {
      SPARSETUNE_UNROLL
      for (size_t i = 0; i < 64; i += kLanes) mark(i, kAllLanes, Load(scores + first + i));
    } else {
      ForEachVec(scores + first, n - first, mark);
    }
    n_marked += CountMarks(word);
    *marks++ = word;
  }
  return n_marked;
}

// As ListBits, with the instructions of the target and the scores beside.
void ListMarked(const float* scores, size_t n, const uint64_t* marks, uint32_t* near,
                float* near_scores) {
  for (size_t first = 0; first < n; first += 64) {
    uint64_t word = *marks++;
    // Stands in behind the last mark.
    const uint64_t last = uint64_t{1} << (n - first < 64 ? n - first - 1 : 63);
    const size_t n_marked = CountMarks(word);
    for (size_t i = 0; i < n_marked; i += kListedAtOnce) {
      SPARSETUNE_UNROLL
      for (size_t j = 0; j < kListedAtOnce; ++j, word &= word - 1) {
        const size_t at = first + LowestMark(word | last);
        near[i + j] = static_cast<uint32_t>(at);
        near_scores[i + j] = scores[at];
      }
    }
    near += n_marked;
    near_scores += n_marked;
  }
}

TopKSplit SplitScores(const float* scores, size_t n, float low, float high, float* room) {
  const Vec low_wall = Set1(low);
  const Vec high_wall = Set1(high);
  size_t n_above = 0;
  size_t n_inside = 0;
  ForEachVec(scores, n, [&](size_t, uint32_t lanes, Vec v) {
    const uint32_t above = Greater(v, high_wall) & lanes;
    const uint32_t inside = NotBelow(v, low_wall) & lanes & ~above;  // NaN as well
    n_above += CountLanes(above);
    StorePacked(room + n_inside, v, inside);
    n_inside += CountLanes(inside);
  });
  uint32_t nan = 0;
  ForEachVec(room, n_inside, [&](size_t, uint32_t lanes, Vec v) { nan |= Unordered(v) & lanes; });
  return {n_above, n_inside, nan != 0};
}

/// The first `wanted` set bits.
inline uint32_t FirstBits(uint32_t bits, size_t wanted) {
  if (CountLanes(bits) <= wanted) return bits;
  uint32_t kept = 0;
  for (; wanted > 0; --wanted, bits &= bits - 1) kept |= bits & -bits;
  return kept;
}

/// The indices that are chosen, in the order of the scores.
struct Collector {
  uint32_t* indices;
  size_t n_left;  ///< indices still to find

  inline void Add(size_t first, uint32_t kept) {
    const size_t n_kept = CountLanes(kept);
    if (n_left >= kLanes) {
      StoreNumbers(indices, first, kept);
      indices += n_kept;
    } else {
      for (; kept != 0; kept &= kept - 1) {
        *indices++ = static_cast<uint32_t>(first) + LowestLane(kept);
      }
    }
    n_left -= n_kept;
  }
};

void CollectAboveCut(const float* scores, size_t n, const TopKCut& cut, size_t n_chosen,
                     uint32_t* indices) {
  const Vec threshold = Set1(cut.threshold);
  Collector collector = {indices, n_chosen};
  if (cut.n_equal == cut.n_ties) {
    ForEachVec(scores, n, [&](size_t i, uint32_t lanes, Vec v) {
      collector.Add(i, NotBelow(v, threshold) & lanes);
    });
    return;
  }
  size_t n_equal = cut.n_equal;
  ForEachVec(scores, n, [&](size_t i, uint32_t lanes, Vec v) {
    const uint32_t taken = FirstBits(Equal(v, threshold) & lanes, n_equal);
    n_equal -= CountLanes(taken);
    collector.Add(i, (Greater(v, threshold) & lanes) | taken);
  });
}
