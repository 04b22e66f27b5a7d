#include "binding/args.h"

namespace sparsetune::binding {

void RegisterLlama(Napi::Env, Napi::Object) {}

}  // namespace sparsetune::binding
