#pragma once

#include <napi.h>

#include "maskers/config.h"

namespace sparsetune::binding {

/// Adds `hashWeights` and `channelLists`: they copy what a file of a masker holds into an opaque
/// handle that chains share.
void RegisterLearned(Napi::Env env, Napi::Object exports);

/// Reads the handles `weights` and `channels` of a masker, where it has them.
void ReadLearned(const Napi::Object& masker, MaskerConfig* config);

}  // namespace sparsetune::binding
