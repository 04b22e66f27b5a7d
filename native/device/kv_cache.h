#pragma once

#include <memory>

#include "maskers/layer_cache.h"

namespace sparsetune::device {

/// A LayerCache in the memory of device 0; null in a build without CUDA.
///
/// Its memory, that of what maskers remember and that in which calls work are freed with it; a call
/// that finds no memory returns kOutOfMemory, and the cache goes on as before. Each call waits for
/// its own work, so that it returns its own failures; inside a call nothing is waited for, unless a
/// mask is wanted. Calls on one cache run one after another.
///
/// Forward returns kUnsupported where WhyNotChain or WhyNotHeads has a reason. `share`, `isa` and
/// `n_threads` of a call are not read: a group attends the union of its heads' lists.
std::unique_ptr<LayerCache> MakeKvCache(const LayerCache::Shape& shape);

}  // namespace sparsetune::device
