#include "binding/pin_module.h"

#include "binding/args.h"
#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace sparsetune::binding {
namespace {

#if defined(_WIN32)
bool Pin() {
  HMODULE module = nullptr;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                            reinterpret_cast<LPCWSTR>(&PinModule), &module) != 0;
}
#else
bool Pin() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&PinModule), &info) == 0) return false;
  return dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
}
#endif

}  // namespace

void PinModule(Napi::Env env) {
  static const bool is_pinned = Pin();
  if (!is_pinned) ThrowError(env, "ERR_NATIVE_LOAD", "The addon cannot be kept in memory");
}

}  // namespace sparsetune::binding
