#include "binding/args.h"

namespace sparsetune::binding {

void RegisterAttention(Napi::Env, Napi::Object) {}

}  // namespace sparsetune::binding
