#pragma once

#include <napi.h>

namespace sparsetune::binding {

/// Keeps the addon's code mapped until the process ends: Node unloads an addon that only a worker
/// used when that worker ends, but the threads of ThreadPool stay. Throws ERR_NATIVE_LOAD where the
/// system refuses.
void PinModule(Napi::Env env);

}  // namespace sparsetune::binding
