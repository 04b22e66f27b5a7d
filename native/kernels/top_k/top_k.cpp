#include "kernels/top_k/top_k.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/bits.h"
#include "core/versions.h"
#include "kernels/top_k/top_k_isa.h"

namespace sparsetune {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kDigitBits[] = {11, 11, 10};  ///< of the 32-bit order key, from the top

/// Fewer scores are selected from without a bracket.
constexpr size_t kMinBracketed = 1024;
/// Where at most one score in so many is chosen, those near the cut are marked and listed first.
constexpr size_t kScoresToFew = 16;
/// Floats that the steps may write behind those they pack.
constexpr size_t kSpareScores = 16;
/// Half the width of the bracket in standard deviations of a rank in the sample: one bracket in
/// some hundreds misses.
constexpr double kDeviations = 3;

/// An integer that orders as the float does; both zeros get the same one.
uint32_t OrderKey(float score) {
  const float without_sign = score == 0 ? 0.0f : score;
  uint32_t bits = 0;
  std::memcpy(&bits, &without_sign, sizeof bits);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

float FromOrderKey(uint32_t key) {
  const uint32_t bits = (key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key;
  float score = 0;
  std::memcpy(&score, &bits, sizeof score);
  return score;
}

bool AnyNan(const float* scores, size_t n) {
  return std::any_of(scores, scores + n, [](float score) { return std::isnan(score); });
}

void CollectScalar(const float* scores, size_t n, const TopKCut& cut, uint32_t* indices) {
  size_t n_equal = cut.n_equal;
  for (size_t i = 0; i < n; ++i) {
    const bool is_equal = scores[i] == cut.threshold && n_equal > 0;
    if (is_equal) --n_equal;
    if (is_equal || scores[i] > cut.threshold) *indices++ = static_cast<uint32_t>(i);
  }
}

struct Bracket {
  float low = -kInfinity;
  float high = kInfinity;
};

/// Scores sampled: the bracket narrows with the root of their number, which has to be paid too.
size_t SampleSize(size_t n) {
  return n >= 65536 ? 2048 : n >= 32768 ? 1024 : n >= 4096 ? 512 : 256;
}

/// A bracket that holds the k-th largest of n scores with high probability.
Bracket FindBracket(const TopKSteps& steps, const float* scores, size_t n, size_t k, float* room) {
  const size_t n_sampled = SampleSize(n);
  // Multiples of the golden ratio, modulo 1: even cover, and in step with no period of the scores.
  uint32_t at = 0;
  for (size_t i = 0; i < n_sampled; ++i, at += 0x9E3779B9u) {
    room[i] = scores[static_cast<uint64_t>(at) * n >> 32];
  }
  float* copy = room + n_sampled + kSpareScores;
  const double share = static_cast<double>(k) / static_cast<double>(n);
  const double rank = share * static_cast<double>(n_sampled);
  const double margin = kDeviations * std::sqrt(rank * (1 - share)) + 1;
  Bracket bracket;
  const auto low_rank = static_cast<size_t>(rank + margin) + 1;
  if (low_rank <= n_sampled) {
    std::copy_n(room, n_sampled, copy);
    bracket.low = steps.select(copy, n_sampled, low_rank).threshold;
  }
  if (rank - margin >= 1) {
    const TopKSplit upper = steps.split(room, n_sampled, bracket.low, kInfinity, copy);
    if (upper.has_nan) return {};  // so that the scores are split as a whole
    const auto high_rank = static_cast<size_t>(rank - margin);
    bracket.high = steps.select(copy, upper.n_inside, high_rank).threshold;
  }
  return bracket;
}

/// Leaves in the room the scores that may be the k-th largest, and counts those above them.
TopKSplit SplitAroundCut(const TopKSteps& steps, const float* scores, size_t n, size_t k,
                         const Bracket& bracket, float* room) {
  const TopKSplit split = steps.split(scores, n, bracket.low, bracket.high, room);
  if (split.has_nan) return split;
  if (split.n_above >= k) return steps.split(scores, n, bracket.high, kInfinity, room);
  if (split.n_above + split.n_inside < k) {
    return steps.split(scores, n, -kInfinity, bracket.low, room);
  }
  return split;
}

Status TopKScalar(const float* scores, size_t n, size_t k, uint32_t* indices) {
  if (AnyNan(scores, n)) return Status::kInvalidArgument;
  CollectScalar(scores, n, FindCut(scores, n, k), indices);
  return Status::kOk;
}

/// Chooses among n scores.
Status Choose(const TopKSteps& steps, const float* scores, size_t n, size_t k,
              const Bracket& bracket, float* room, uint32_t* indices) {
  const TopKSplit split = SplitAroundCut(steps, scores, n, k, bracket, room);
  if (split.has_nan) return Status::kInvalidArgument;
  const TopKCut cut = steps.select(room, split.n_inside, k - split.n_above);
  steps.collect(scores, n, cut, k, indices);
  return Status::kOk;
}

/// Makes place for n elements, whose values do not matter.
template <typename T>
T* Reserve(size_t n, std::vector<T>* elements) {
  if (elements->size() < n) elements->resize(n);
  return elements->data();
}

/// Choose, of few: all but what is near the cut or above it is passed over once only.
Status ChooseFew(const TopKSteps& steps, const float* scores, size_t n, size_t k,
                 const Bracket& bracket, TopKRoom* room, uint32_t* indices) {
  float* inside = room->inside.data();
  uint64_t* marks = Reserve((n + 63) / 64, &room->marks);
  const size_t n_near = steps.mark(scores, n, bracket.low, marks);
  if (n_near < k) return Choose(steps, scores, n, k, {}, inside, indices);
  uint32_t* near = Reserve(n_near + kListedAtOnce, &room->near);
  float* near_scores = Reserve(n_near + kListedAtOnce, &room->near_scores);
  steps.list(scores, n, marks, near, near_scores);
  const Status status = Choose(steps, near_scores, n_near, k, bracket, inside, indices);
  if (status != Status::kOk) return status;
  for (size_t i = 0; i < k; ++i) indices[i] = near[indices[i]];
  return Status::kOk;
}

Status TopKWith(const TopKSteps& steps, const float* scores, size_t n, size_t k, TopKRoom* room,
                uint32_t* indices) {
  float* inside = Reserve(n + 2 * kSpareScores, &room->inside);
  if (n < kMinBracketed) return Choose(steps, scores, n, k, {}, inside, indices);
  const Bracket bracket = FindBracket(steps, scores, n, k, inside);
  if (k > n / kScoresToFew) return Choose(steps, scores, n, k, bracket, inside, indices);
  return ChooseFew(steps, scores, n, k, bracket, room, indices);
}

}  // namespace

TopKCut FindCut(const float* values, size_t n, size_t k) {
  uint32_t prefix = 0;
  int shift = 32;
  size_t wanted = k;
  size_t n_ties = 0;
  for (const int bits : kDigitBits) {
    uint32_t counts[1 << 11] = {};
    const int above = shift;
    shift -= bits;
    const uint32_t digit_mask = (1u << bits) - 1;
    for (size_t i = 0; i < n; ++i) {
      const uint32_t key = OrderKey(values[i]);
      if (above == 32 || key >> above == prefix) ++counts[key >> shift & digit_mask];
    }
    uint32_t digit = digit_mask;
    while (counts[digit] < wanted) wanted -= counts[digit--];
    prefix = prefix << bits | digit;
    n_ties = counts[digit];
  }
  return {FromOrderKey(prefix), wanted, n_ties};
}

Status TopK(const float* scores, size_t n, size_t k, Isa isa, TopKRoom* room, uint32_t* indices) {
  if (n > std::numeric_limits<uint32_t>::max()) return Status::kInvalidShape;
  if (k >= n || k == 0) {
    if (AnyNan(scores, n)) return Status::kInvalidArgument;
    for (size_t i = 0; i < std::min(k, n); ++i) indices[i] = static_cast<uint32_t>(i);
    return Status::kOk;
  }
  if (isa == Isa::kScalar) return TopKScalar(scores, n, k, indices);
  const auto steps =
      FindVersion<TopKSteps (*)()>(isa, {nullptr, SPARSETUNE_FAST_VERSIONS(TopKSteps)});
  if (steps == nullptr) return Status::kUnsupported;
  return TopKWith(steps(), scores, n, k, room, indices);
}

}  // namespace sparsetune
