#include <napi.h>

#include "binding/args.h"
#include "binding/pin_module.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  sparsetune::binding::PinModule(env);
  sparsetune::binding::RegisterAttention(env, exports);
  sparsetune::binding::RegisterLlama(env, exports);
  sparsetune::binding::RegisterCuda(env, exports);
  exports.Set("bestIsa", sparsetune::IsaName(sparsetune::BestIsa()));
  return exports;
}

}  // namespace

NODE_API_MODULE(sparsetune, Init)
