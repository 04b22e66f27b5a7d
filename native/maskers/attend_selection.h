#pragma once

#include "kernels/attend/attend.h"
#include "maskers/selection.h"

namespace sparsetune {

/// Keys that some heads attend.
struct KeyList {
  const uint32_t* keys = nullptr;  ///< [n] ascending
  size_t n = 0;
  const float* log_weights = nullptr;  ///< [heads, n], or null where all are 0
  bool is_scored = false;              ///< `log_weights` hold scale * q.k as well
};

/// Attends listed keys: those of kv.base, then those of kv.tail.
///
/// @param[in]     queries  some of the group's
/// @param[in,out] state    of AttendBegin, for these queries
Status AttendList(const AttendQueries& queries, const QueryGroup& group, const KeyList& list,
                  AttendState* state);

/// Attends what a selection keeps: the two runs of every head, then the lists of the heads, by
/// `share`. Leaves the united lists as bits in buffers->bits (bit i: key sink_end + i) for the
/// statistics.
///
/// @param[in,out] state  of AttendBegin, for the group's queries
Status AttendSelection(const QueryGroup& group, const Selection& selection, Share share,
                       AttendState* state);

}  // namespace sparsetune
