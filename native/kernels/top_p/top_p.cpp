#include "kernels/top_p/top_p.h"

#include <algorithm>
#include <cmath>

namespace sparsetune {
namespace {

bool ComesFirst(const ScoredKey& a, const ScoredKey& b) {
  return a.score != b.score ? a.score > b.score : a.index < b.index;
}

/// Moves the shortest prefix of the sorted entries that weighs at least `mass` to the front, itself
/// unsorted: halves the part in question until one entry is left.
size_t SelectMass(ScoredKey* begin, size_t n, double mass) {
  ScoredKey* low = begin;
  ScoredKey* high = begin + n;
  double before = 0;
  while (high - low > 1) {
    ScoredKey* middle = low + (high - low) / 2;
    std::nth_element(low, middle, high, ComesFirst);
    double half = 0;
    for (const ScoredKey* entry = low; entry != middle; ++entry) half += entry->weight;
    if (before + half >= mass) {
      high = middle;
    } else {
      before += half;
      low = middle;
    }
  }
  return static_cast<size_t>(low - begin) + 1;
}

}  // namespace

Status TopP(const float* scores, size_t n, float scale, double top_p, ScoredKey* room,
            uint32_t* chosen, size_t* n_chosen) {
  if (n == 0) return Status::kInvalidShape;
  const auto signed_score = [&](size_t i) { return scale < 0 ? -scores[i] : scores[i]; };
  float max = signed_score(0);
  for (size_t i = 0; i < n; ++i) {
    if (!std::isfinite(scores[i])) return Status::kInvalidArgument;
    max = std::max(max, signed_score(i));
  }
  double total = 0;
  const double factor = std::abs(static_cast<double>(scale));
  for (size_t i = 0; i < n; ++i) {
    const float score = signed_score(i);
    const double weight = std::exp(factor * (static_cast<double>(score) - max));
    room[i] = {score, static_cast<uint32_t>(i), weight};
    total += weight;
  }
  *n_chosen = SelectMass(room, n, top_p * total);
  for (size_t i = 0; i < *n_chosen; ++i) chosen[i] = room[i].index;
  std::sort(chosen, chosen + *n_chosen);
  return Status::kOk;
}

}  // namespace sparsetune
