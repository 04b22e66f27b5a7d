#pragma once

#include "maskers/kv_cache.h"

namespace sparsetune {

/// Forward for exact semantics; arguments are checked, `result->output` has its size.
///
/// The call is cut by KV head and by blocks of query positions. Where it is cut depends on shapes
/// only, and what the pieces counted and kept is joined in their order, so the result is the same
/// bit for bit on any number of threads. A single head of a single position is never cut: ranges of
/// its keys would have to be joined, with other roundings.
///
/// @throws std::bad_alloc
Status ForwardExact(const ForwardInput& input, KvCache* cache, ForwardOutput* result);

}  // namespace sparsetune
