#include "binding/llama_objects.h"

#include "binding/args.h"
#include "binding/async.h"

namespace sparsetune::binding {

std::vector<int32_t> ReadTokens(const Napi::Value& value) {
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

Napi::Function SnapshotObject::Define(Napi::Env env) { return DefineClass(env, "KvSnapshot", {}); }

SnapshotObject::SnapshotObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SnapshotObject>(info) {
  const auto& state = ModelObject::Unwrap(info[0].As<Napi::Object>())->state();
  const auto& layers = state->model->layers();
  const auto payload = info[1].As<Napi::Uint8Array>();
  const auto n_tokens = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  const size_t expected = llama::KvSnapshot::PayloadBytes(layers, n_tokens);
  if (payload.ByteLength() != expected) {
    ThrowRange(info.Env(), "ERR_SHAPE",
               "A snapshot of " + std::to_string(n_tokens) + " tokens has " +
                   std::to_string(expected) + " bytes, not " +
                   std::to_string(payload.ByteLength()));
  }
  payload_ = Napi::Persistent(payload.As<Napi::Object>());
  snapshot_ = std::make_shared<llama::KvSnapshot>(layers, payload.Data(), n_tokens, state->indexes);
}

Napi::Function StreamObject::Define(Napi::Env env) {
  return DefineClass(env, "DecodeStream",
                     {InstanceAccessor<&StreamObject::NTail>("nTail"),
                      InstanceMethod<&StreamObject::Truncate>("truncate")});
}

StreamObject::StreamObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<StreamObject>(info) {
  const auto snapshot = info[1].As<Napi::Object>();
  snapshot_ = Napi::Persistent(snapshot);
  try {
    stream_ = std::make_shared<llama::DecodeStream>(
        ModelObject::Unwrap(info[0].As<Napi::Object>())->state()->model,
        SnapshotObject::Unwrap(snapshot)->snapshot(), ReadChain(info[2]),
        static_cast<size_t>(info[3].As<Napi::Number>().Int64Value()));
  } catch (const llama::EngineFailure& failure) {
    ThrowError(info.Env(), failure.code(), failure.what());
  }
}

Napi::Value StreamObject::NTail(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(stream_->n_tail()));
}

void StreamObject::Truncate(const Napi::CallbackInfo& info) {
  stream_->Truncate(static_cast<size_t>(info[0].As<Napi::Number>().Int64Value()));
}

Napi::Function CaptureObject::Define(Napi::Env env) {
  return DefineClass(env, "QueryCapture",
                     {InstanceMethod<&CaptureObject::OutputErrors>("outputErrors"),
                      InstanceMethod<&CaptureObject::Queries>("queries")});
}

CaptureObject::CaptureObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<CaptureObject>(info),
      state_(ModelObject::Unwrap(info[0].As<Napi::Object>())->state()) {
  const auto snapshot = info[1].As<Napi::Object>();
  snapshot_ = Napi::Persistent(snapshot);
  capture_ = std::make_shared<llama::QueryCapture>(
      state_->model, SnapshotObject::Unwrap(snapshot)->snapshot(), ReadTokens(info[2]),
      static_cast<size_t>(info[3].As<Napi::Number>().Int64Value()));
}

Napi::Value CaptureObject::OutputErrors(const Napi::CallbackInfo& info) {
  using Errors = std::vector<double>;
  const ChainConfig chain = ReadChain(info[0]);
  return AsyncTask<Errors>::Start(
      info.Env(), info.Env().Undefined(), {info.This().As<Napi::Object>()},
      [capture = capture_, state = state_, chain](const auto&) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        return capture->OutputErrors(chain, BestIsa(), state->model->n_threads());
      },
      [](Napi::Env env, Errors& errors) -> Napi::Value {
        auto array = Napi::Float64Array::New(env, errors.size());
        std::copy(errors.begin(), errors.end(), array.Data());
        return array;
      });
}

/// (layer) -> [nQHeads, nQ, headDim]
Napi::Value CaptureObject::Queries(const Napi::CallbackInfo& info) {
  const int slot = capture_->Slot(static_cast<size_t>(info[0].As<Napi::Number>().Int64Value()));
  if (slot < 0) ThrowRange(info.Env(), "ERR_ARGUMENT", "Expected a captured layer");
  const std::vector<float>& queries = capture_->queries(static_cast<size_t>(slot));
  auto array = Napi::Float32Array::New(info.Env(), queries.size());
  std::copy(queries.begin(), queries.end(), array.Data());
  return array;
}

}  // namespace sparsetune::binding
