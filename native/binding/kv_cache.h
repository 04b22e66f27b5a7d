#pragma once

#include <napi.h>

#include <memory>

#include "maskers/kv_cache.h"

namespace sparsetune::binding {

/// The cache behind a NativeKvCache of TypeScript.
const std::shared_ptr<KvCache>& ReadCache(const Napi::Value& value);

}  // namespace sparsetune::binding
