#include "kernels/top_p/top_p.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sparsetune {
namespace {

bool ComesFirst(const ScoredKey& a, const ScoredKey& b) {
  return a.score != b.score ? a.score > b.score : a.index < b.index;
}

constexpr size_t kBuckets = 1024;
constexpr float kBucketsPerNat = 32;

/// The scores as the softmax orders them, and their distance from the largest one in nats.
class Exponents {
 public:
  Exponents(const float* scores, float scale)
      : scores_(scores), sign_(scale < 0 ? -1.0f : 1.0f), scale_(std::abs(scale)) {}

  /// False where a score is not finite.
  bool FindMax(size_t n) {
    max_ = Score(0);
    bool are_finite = true;
    for (size_t i = 0; i < n; ++i) {
      are_finite = are_finite && std::isfinite(scores_[i]);
      max_ = std::max(max_, Score(i));
    }
    return are_finite;
  }
  float Score(size_t i) const { return sign_ * scores_[i]; }
  float Weight(size_t i) const { return std::exp(-Distance(i)); }
  /// Falls with the score; the last bucket holds all that is far below.
  size_t Bucket(size_t i) const {
    const float bucket = Distance(i) * kBucketsPerNat;
    return bucket < kBuckets - 1 ? static_cast<size_t>(bucket) : kBuckets - 1;
  }

 private:
  float Distance(size_t i) const { return (max_ - Score(i)) * scale_; }

  const float* scores_;
  float sign_;
  float scale_;
  float max_ = 0;
};

/// Where the prefix ends: the bucket, and the mass that is missing from it.
struct Cut {
  size_t bucket = 0;
  double missing = 0;
};

Cut FindCut(const Exponents& exponents, size_t n, double top_p) {
  std::array<double, kBuckets> masses{};
  for (size_t i = 0; i < n; ++i) masses[exponents.Bucket(i)] += exponents.Weight(i);
  double total = 0;
  for (const double mass : masses) total += mass;
  Cut cut = {0, top_p * total};
  // Rounding may leave a little missing after the last mass; that one is then the end.
  for (size_t b = 0; b < kBuckets; ++b) {
    if (masses[b] == 0) continue;
    if (b > cut.bucket) {
      cut.missing -= masses[cut.bucket];
      cut.bucket = b;
    }
    if (masses[b] >= cut.missing) break;
  }
  return cut;
}

/// The last entry of the prefix.
ScoredKey FindLast(const Exponents& exponents, size_t n, const Cut& cut, ScoredKey* room) {
  size_t n_near = 0;
  for (size_t i = 0; i < n; ++i) {
    if (exponents.Bucket(i) != cut.bucket) continue;
    room[n_near++] = {exponents.Score(i), exponents.Weight(i), static_cast<uint32_t>(i)};
  }
  std::sort(room, room + n_near, ComesFirst);
  double sum = 0;
  for (size_t i = 0; i < n_near; ++i) {
    sum += room[i].weight;
    if (sum >= cut.missing) return room[i];
  }
  return room[n_near - 1];
}

}  // namespace

Status TopP(const float* scores, size_t n, float scale, double top_p, ScoredKey* room,
            uint32_t* chosen, size_t* n_chosen) {
  if (n == 0) return Status::kInvalidShape;
  Exponents exponents(scores, scale);
  if (!exponents.FindMax(n)) return Status::kInvalidArgument;
  const ScoredKey last = FindLast(exponents, n, FindCut(exponents, n, top_p), room);
  size_t n_kept = 0;
  for (size_t i = 0; i < n; ++i) {
    const float score = exponents.Score(i);
    chosen[n_kept] = static_cast<uint32_t>(i);
    // Without branches, which would be as good as random.
    n_kept += static_cast<size_t>(score > last.score) |
              (static_cast<size_t>(score == last.score) & static_cast<size_t>(i <= last.index));
  }
  *n_chosen = n_kept;
  return Status::kOk;
}

}  // namespace sparsetune
