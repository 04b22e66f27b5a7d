#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/philox.h"
#include "maskers/selection.h"

namespace sparsetune {

/// A uniform sample without replacement of the keys of [begin, end) that are not in `excluded`.
///
/// @param[in]  domain    which of the sampling uses; the draws are keyed by it and by seed, layer,
///                       query head and query position
/// @param[in]  excluded  ascending keys inside the range
/// @param[in]  n         at most the keys that are left
/// @param[out] keys      n ascending keys
void DrawKeys(const QueryGroup& group, size_t g, const Selection& selection, DrawDomain domain,
              const std::vector<uint32_t>& excluded, size_t n, std::vector<uint32_t>* keys);

}  // namespace sparsetune
