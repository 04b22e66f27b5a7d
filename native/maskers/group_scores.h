#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "maskers/selection.h"

namespace sparsetune {

/// Scores q.k of the keys [begin, begin + n) for all heads of the group.
///
/// @param[out] scores  [group_size, stride]; the first n of each row are written
Status ScoreRange(const QueryGroup& group, size_t begin, size_t n, float* scores, size_t stride);

/// Scores q.k of one head with ascending keys, into buffers->scores.
Status ScoreKeys(const QueryGroup& group, size_t g, const std::vector<uint32_t>& keys);

/// Scores the keys between sink and local for all heads into buffers->scores, [group_size, n], and
/// notes that their rows were read.
Status ScoreCandidates(const QueryGroup& group, Selection* selection);

/// Moves the scores of keys that `head` does not keep yet to the front; returns how many. The keys
/// themselves, begin and what follows, go to `candidates`.
size_t DropKept(const HeadKeys& head, size_t begin, size_t n, float* scores,
                std::vector<uint32_t>* candidates);

/// Keeps the k keys of [begin, begin + n) with the highest scores that `head` does not keep yet; of
/// equal ones the first. Where k leaves none out, all of the range is kept for certain, what a
/// sampler kept before included.
///
/// @param[in,out] scores  [n]; reordered
Status KeepLargest(const QueryGroup& group, size_t begin, size_t n, size_t k, float* scores,
                   HeadKeys* head);

/// Keeps all of [begin, end) for certain, the only keys that `head` may hold.
void KeepAll(size_t begin, size_t end, HeadKeys* head);

/// Keeps for certain what `head` does not keep yet of [begin, end).
void KeepRest(const QueryGroup& group, size_t begin, size_t end, HeadKeys* head);

}  // namespace sparsetune
