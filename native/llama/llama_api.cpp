#include "llama/llama_api.h"

#include <mutex>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace sparsetune::llama {
namespace {

#ifdef _WIN32
using Library = HMODULE;

Library Open(const std::string& path) {
  return LoadLibraryExA(path.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
}

std::string OpenError() { return "LoadLibrary error " + std::to_string(GetLastError()); }

void* Symbol(Library library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(library, name));
}
#else
using Library = void*;

Library Open(const std::string& path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); }

std::string OpenError() {
  const char* message = dlerror();
  return message == nullptr ? "unknown reason" : message;
}

void* Symbol(Library library, const char* name) { return dlsym(library, name); }
#endif

Library OpenOrThrow(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  Library library = Open(path);
  if (library == nullptr) {
    throw EngineFailure("ERR_LLAMA_LOAD", "Could not load " + path + ": " + OpenError());
  }
  return library;
}

template <typename Function>
void Bind(Library library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(Symbol(library, name));
  if (*function == nullptr) {
    throw EngineFailure("ERR_LLAMA_VERSION",
                        std::string("The llama.cpp libraries have no ") + name +
                            "; they are not of the version this was built for");
  }
}

// llama.cpp reports through one process-wide callback. What it says of an error goes into the
// message of the EngineFailure that follows; nothing is printed.
std::mutex log_mutex;
std::string log_errors;

void KeepErrors(ggml_log_level level, const char* text, void*) {
  const std::lock_guard<std::mutex> lock(log_mutex);
  if (level == GGML_LOG_LEVEL_ERROR && log_errors.size() < 2000) log_errors += text;
}

}  // namespace

std::shared_ptr<const LlamaApi> LlamaApi::Load(const LibraryPaths& paths) {
  auto api = std::make_shared<LlamaApi>();
  Library base = OpenOrThrow(paths.folder, paths.ggml_base);
  Library ggml = OpenOrThrow(paths.folder, paths.ggml);
  Library llama = OpenOrThrow(paths.folder, paths.llama);
#define SPARSETUNE_BIND_BASE(name) Bind(base, #name, &api->name);
  SPARSETUNE_GGML_BASE_FUNCTIONS(SPARSETUNE_BIND_BASE)
#undef SPARSETUNE_BIND_BASE
#define SPARSETUNE_BIND_GGML(name) Bind(ggml, #name, &api->name);
  SPARSETUNE_GGML_FUNCTIONS(SPARSETUNE_BIND_GGML)
#undef SPARSETUNE_BIND_GGML
#define SPARSETUNE_BIND_LLAMA(name) Bind(llama, #name, &api->name);
  SPARSETUNE_LLAMA_FUNCTIONS(SPARSETUNE_BIND_LLAMA)
#undef SPARSETUNE_BIND_LLAMA

  if (api->ggml_backend_reg_count() == 0) {
    api->llama_log_set(KeepErrors, nullptr);
    api->ggml_backend_load_all_from_path(paths.folder.c_str());
  }
  ggml_backend_reg_t cpu = api->ggml_backend_reg_by_name("CPU");
  if (cpu == nullptr) {
    throw EngineFailure("ERR_LLAMA_LOAD", "No CPU back end of llama.cpp lies in " + paths.folder);
  }
  api->ggml_threadpool_new = reinterpret_cast<decltype(api->ggml_threadpool_new)>(
      api->ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new"));
  api->ggml_threadpool_free = reinterpret_cast<decltype(api->ggml_threadpool_free)>(
      api->ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_free"));
  if (api->ggml_threadpool_new == nullptr || api->ggml_threadpool_free == nullptr) {
    throw EngineFailure("ERR_LLAMA_VERSION", "The CPU back end of llama.cpp has no thread pool");
  }
  return api;
}

std::string LlamaApi::TakeErrors() {
  const std::lock_guard<std::mutex> lock(log_mutex);
  std::string errors;
  errors.swap(log_errors);
  while (!errors.empty() && errors.back() == '\n') errors.pop_back();
  return errors;
}

LlamaBuild LlamaApi::build() const {
  return {llama_version(), ggml_version(), ggml_commit(), devices()};
}

std::vector<Device> LlamaApi::devices() const {
  std::vector<Device> devices;
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    const enum ggml_backend_dev_type type = ggml_backend_dev_type(device);
    devices.push_back(
        {ggml_backend_dev_name(device), ggml_backend_dev_description(device),
         type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU});
  }
  return devices;
}

}  // namespace sparsetune::llama
