#pragma once

#include <napi.h>

#include <memory>

#include "maskers/kv_cache.h"

namespace sparsetune::binding {

/// The cache behind a NativeKvCache of TypeScript.
///
/// @throws an Error with code ERR_DISPOSED where it has been disposed of
std::shared_ptr<LayerCache> ReadCache(const Napi::Value& value);

/// As ReadCache, of a cache on the CPU; a TypeError with code ERR_ARGUMENT for another.
std::shared_ptr<KvCache> ReadCpuCache(const Napi::Value& value);

/// Defines the class KvCache.
void RegisterKvCache(Napi::Env env, Napi::Object exports);

}  // namespace sparsetune::binding
