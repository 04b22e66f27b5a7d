#include <napi.h>

#include "binding/args.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  sparsetune::binding::RegisterAttention(env, exports);
  sparsetune::binding::RegisterLlama(env, exports);
  exports.Set("bestIsa", sparsetune::IsaName(sparsetune::BestIsa()));
  return exports;
}

}  // namespace

NODE_API_MODULE(sparsetune, Init)
