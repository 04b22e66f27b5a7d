#include <map>

#include "binding/args.h"
#include "binding/async.h"
#include "binding/llama_objects.h"
#include "llama/dequantize.h"

namespace sparsetune::binding {
namespace {

std::shared_ptr<const llama::LlamaApi> LoadApi(const llama::LibraryPaths& paths) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const llama::LlamaApi>> loaded;
  const std::lock_guard<std::mutex> lock(mutex);
  auto& api = loaded[paths.folder];
  if (api == nullptr) api = llama::LlamaApi::Load(paths);
  return api;
}

llama::LibraryPaths ReadPaths(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {object.Get("folder").ToString(), object.Get("ggmlBase").ToString(),
          object.Get("ggml").ToString(), object.Get("llama").ToString()};
}

// llamaBuild(paths): Promise<{ llamaVersion, ggmlVersion, ggmlCommit, devices }>
Napi::Value Build(const Napi::CallbackInfo& info) {
  return AsyncTask<llama::LlamaBuild>::Start(
      info.Env(), info.Env().Undefined(), {},
      [paths = ReadPaths(info[0])](const auto&) { return LoadApi(paths)->build(); },
      [](Napi::Env env, llama::LlamaBuild& build) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("llamaVersion", build.llama_version);
        object.Set("ggmlVersion", build.ggml_version);
        object.Set("ggmlCommit", build.ggml_commit);
        auto devices = Napi::Array::New(env, build.devices.size());
        for (uint32_t i = 0; i < build.devices.size(); ++i) {
          auto device = Napi::Object::New(env);
          device.Set("name", build.devices[i].name);
          device.Set("description", build.devices[i].description);
          device.Set("isGpu", build.devices[i].is_gpu);
          devices.Set(i, device);
        }
        object.Set("devices", devices);
        return object;
      });
}

// One at a time: where two models are loaded at once, the GPU back ends of llama.cpp set themselves
// up twice and crash.
std::shared_ptr<const llama::Model> LoadOne(const llama::LibraryPaths& paths,
                                            const std::string& file,
                                            const llama::ModelOptions& options) {
  const auto api = LoadApi(paths);
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  return std::make_shared<llama::Model>(api, file, options);
}

llama::ModelOptions ReadModelOptions(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  llama::ModelOptions options;
  options.n_threads = object.Get("threads").ToNumber().Int32Value();
  options.n_gpu_layers = object.Get("gpuLayers").ToNumber().Int32Value();
  const Napi::Value memory = object.Get("hostMemoryAs");
  if (memory.IsString()) options.host_memory_as = memory.ToString();
  return options;
}

// loadModel(paths, file, options): Promise<LlamaModel>
Napi::Value LoadModel(const Napi::CallbackInfo& info) {
  using Result = std::shared_ptr<ModelState>;
  auto* constructor = static_cast<Napi::FunctionReference*>(info.Data());
  return AsyncTask<Result>::Start(
      info.Env(), info.Env().Undefined(), {},
      [paths = ReadPaths(info[0]), file = info[1].ToString().Utf8Value(),
       options = ReadModelOptions(info[2])](const auto&) {
        auto state = std::make_shared<ModelState>();
        state->model = LoadOne(paths, file, options);
        return state;
      },
      [constructor](Napi::Env env, Result& state) -> Napi::Value {
        return constructor->New({Napi::External<Result>::New(env, &state)});
      });
}

// dequantize(paths, from, to): Promise<void>
Napi::Value Dequantize(const Napi::CallbackInfo& info) {
  return AsyncTask<bool>::Start(
      info.Env(), info.Env().Undefined(), {},
      [paths = ReadPaths(info[0]), from = info[1].ToString().Utf8Value(),
       to = info[2].ToString().Utf8Value()](const auto&) {
        llama::Dequantize(*LoadApi(paths), from, to);
        return true;
      },
      [](Napi::Env env, bool&) -> Napi::Value { return env.Undefined(); });
}

// governThreads(threads, [wallSeconds, cpuSeconds, ...]): threads used for each batch and the next
Napi::Value GovernThreads(const Napi::CallbackInfo& info) {
  llama::ThreadGovernor governor(info[0].As<Napi::Number>().Int32Value());
  const auto seconds = info[1].As<Napi::Float64Array>();
  auto threads = Napi::Int32Array::New(info.Env(), seconds.ElementLength() / 2 + 1);
  for (size_t i = 0; i < threads.ElementLength(); ++i) {
    threads[i] = governor.n_threads();
    if (2 * i + 1 < seconds.ElementLength()) governor.Judge(seconds[2 * i], seconds[2 * i + 1]);
  }
  return threads;
}

}  // namespace

void RegisterLlama(Napi::Env env, Napi::Object exports) {
  auto* constructor = new Napi::FunctionReference(ModelObject::Define(env));
  env.AddCleanupHook([constructor] { delete constructor; });
  exports.Set("LlamaModel", constructor->Value());
  exports.Set("KvSnapshot", SnapshotObject::Define(env));
  exports.Set("DecodeStream", StreamObject::Define(env));
  exports.Set("QueryCapture", CaptureObject::Define(env));
  exports.Set("llamaBuild", Napi::Function::New(env, Build, "llamaBuild"));
  exports.Set("loadModel", Napi::Function::New(env, LoadModel, "loadModel", constructor));
  exports.Set("governThreads", Napi::Function::New(env, GovernThreads, "governThreads"));
  exports.Set("dequantize", Napi::Function::New(env, Dequantize, "dequantize"));
}

}  // namespace sparsetune::binding
