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

/// Scores q.k of one head with ascending keys between sink and local, into buffers->scores: reads
/// their rows unless all between sink and local were scored.
Status ScoreKeys(const QueryGroup& group, size_t g, const std::vector<uint32_t>& keys,
                 const Selection& selection);

/// Scores the keys between sink and local for all heads, unless that was done, and notes that their
/// rows were read.
Status ScoreCandidates(const QueryGroup& group, Selection* selection);

/// q.k of head `g` with the keys from sink_end on, after ScoreCandidates.
const float* CandidateScores(const QueryGroup& group, size_t g, const Selection& selection);

/// The keys of [begin, begin + n) that `head` does not keep yet into buffers->candidates, their
/// scores into buffers->left_scores; returns how many.
size_t DropKept(const HeadKeys& head, size_t begin, size_t n, const float* scores,
                Scratch::Buffers* buffers);

/// Keeps the k keys of [begin, begin + n) with the highest scores that `head` does not keep yet; of
/// equal ones the first. Where k leaves none out, all of the range is kept for certain, what a
/// sampler kept before included.
///
/// @param[in] scores  [n]
Status KeepLargest(const QueryGroup& group, size_t begin, size_t n, size_t k, const float* scores,
                   HeadKeys* head);

/// Keeps all of [begin, end) for certain, the only keys that `head` may hold.
void KeepAll(size_t begin, size_t end, HeadKeys* head);

/// Keeps for certain what `head` does not keep yet of [begin, end).
void KeepRest(const QueryGroup& group, size_t begin, size_t end, HeadKeys* head);

}  // namespace sparsetune
