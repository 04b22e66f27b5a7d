#pragma once

#include "kernels/attend/attend.h"
#include "maskers/selection.h"

namespace sparsetune {

/// Attends what a selection keeps: the two runs of every head, then the lists of the heads, by
/// `share`. Leaves the united lists as bits in buffers->bits (bit i: key sink_end + i) for the
/// statistics.
///
/// @param[in,out] state  of AttendBegin, for the group's queries
Status AttendSelection(const QueryGroup& group, const Selection& selection, Share share,
                       AttendState* state);

}  // namespace sparsetune
