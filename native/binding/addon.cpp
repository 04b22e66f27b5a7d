#include <napi.h>

#include "binding/args.h"
#include "binding/pin_module.h"

namespace {

const char* IsaName(sparsetune::Isa isa) {
  if (isa == sparsetune::Isa::kAvx512) return "avx512";
  return isa == sparsetune::Isa::kAvx2 ? "avx2" : "scalar";
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  sparsetune::binding::PinModule(env);
  sparsetune::binding::RegisterAttention(env, exports);
  sparsetune::binding::RegisterLlama(env, exports);
  exports.Set("bestIsa", IsaName(sparsetune::BestIsa()));
  return exports;
}

}  // namespace

NODE_API_MODULE(sparsetune, Init)
