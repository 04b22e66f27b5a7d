#pragma once

#include "kernels/attend/attend.h"
#include "maskers/selection.h"

namespace sparsetune {

/// Dense attention of a query group, inside the window where the layer has one. All queries share
/// one pass over the rows that all of them see.
///
/// @param[in] outputs  [n_q, group_size], as buffers->queries
Status AttendDense(const GroupInput& input, Isa isa, Scratch::Buffers* buffers,
                   float* const* outputs, GroupStats* stats);

/// The keys [begin, end) that query `i` sees.
struct VisibleKeys {
  size_t begin = 0;
  size_t end = 0;
};
VisibleKeys VisibleTo(const GroupInput& input, size_t i);

/// Begins a softmax for `n` queries in the memory of `buffers`.
AttendState BeginState(size_t n, size_t head_dim, Scratch::Buffers* buffers);

/// The part of a softmax state that belongs to queries first, first + 1, ...
AttendState StateFrom(const AttendState& state, size_t first, size_t head_dim);

/// Adds all rows of [begin, end) to the softmax of `queries`.
Status AttendRun(const AttendQueries& queries, const KvView& kv, VisibleKeys keys, Isa isa,
                 AttendState* state);

}  // namespace sparsetune
