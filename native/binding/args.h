#pragma once

#include <napi.h>

#include <string>

#include "core/cpu.h"
#include "core/kv_view.h"
#include "maskers/config.h"

namespace sparsetune::binding {

/// Throws a JavaScript error with a stable `code` through node-addon-api.
[[noreturn]] void ThrowType(Napi::Env env, const char* code, const std::string& message);
[[noreturn]] void ThrowRange(Napi::Env env, const char* code, const std::string& message);
[[noreturn]] void ThrowError(Napi::Env env, const char* code, const std::string& message);

/// Reads `{ maskers: [{ kind, ... }], semantics?, share?, seed? }`. TypeScript has validated it;
/// what is still wrong here (an unknown kind) is a TypeError with code ERR_CONFIG.
ChainConfig ReadChain(const Napi::Value& value);

/// Reads 'f32' | 'f16' | 'bf16'; what is none of them is f32.
Dtype ReadDtype(const Napi::Value& value);

/// Reads a name of IsaName, or undefined for the best one of this CPU. A name this CPU
/// cannot run is a RangeError with code ERR_ARGUMENT.
Isa ReadIsa(const Napi::Value& value);

/// Adds the exports of attention.cpp (those of the kernels included), of llama.cpp and of
/// cuda.cpp to the addon.
void RegisterAttention(Napi::Env env, Napi::Object exports);
void RegisterKernels(Napi::Env env, Napi::Object exports);
void RegisterLshKernels(Napi::Env env, Napi::Object kernels);
void RegisterSelectionKernels(Napi::Env env, Napi::Object kernels);
void RegisterGroup(Napi::Env env, Napi::Object kernels);
void RegisterGivenLists(Napi::Env env, Napi::Object kernels);
void RegisterLimits(Napi::Env env, Napi::Object exports);
void RegisterLlama(Napi::Env env, Napi::Object exports);
void RegisterCuda(Napi::Env env, Napi::Object exports);

}  // namespace sparsetune::binding
