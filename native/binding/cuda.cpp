#include "binding/args.h"
#include "binding/arrays.h"
#include "cuda/probe.h"
#include "device/support.h"

namespace sparsetune::binding {
namespace {

/// () -> { built, available, reason, device, driver, runtime }
Napi::Value JsProbe(const Napi::CallbackInfo& info) {
  const cuda::Probed probed = cuda::Probe();
  auto result = Napi::Object::New(info.Env());
  result.Set("built", probed.is_built);
  result.Set("available", probed.is_available);
  result.Set("reason", probed.reason);
  result.Set("device", probed.device);
  result.Set("driver", probed.driver_version);
  result.Set("runtime", probed.runtime_version);
  return result;
}

/// (config) -> string, empty where the GPU runs it
Napi::Value JsWhyNotChain(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), device::WhyNotChain(ReadChain(info[0])));
}

/// (headDim, groupSize) -> string, empty where there are kernels for them
Napi::Value JsWhyNotHeads(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), device::WhyNotHeads(ReadSize(info[0]), ReadSize(info[1])));
}

}  // namespace

void RegisterCuda(Napi::Env env, Napi::Object exports) {
  exports.Set("probeCuda", Napi::Function::New<JsProbe>(env, "probeCuda"));
  exports.Set("whyNotChainOnCuda", Napi::Function::New<JsWhyNotChain>(env, "whyNotChainOnCuda"));
  exports.Set("whyNotHeadsOnCuda", Napi::Function::New<JsWhyNotHeads>(env, "whyNotHeadsOnCuda"));
}

}  // namespace sparsetune::binding
