#include "binding/args.h"
#include "cuda/probe.h"

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

}  // namespace

void RegisterCuda(Napi::Env env, Napi::Object exports) {
  exports.Set("probeCuda", Napi::Function::New<JsProbe>(env, "probeCuda"));
}

}  // namespace sparsetune::binding
