#include <cmath>

#include "binding/args.h"
#include "binding/async.h"
#include "binding/llama_objects.h"
#include "llama/plain_decode.h"

namespace sparsetune::binding {
namespace {

template <typename Array, typename Element>
Array CopyOut(Napi::Env env, const std::vector<Element>& values) {
  auto array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value WriteOutput(Napi::Env env, const llama::DecodeOutput& output) {
  std::vector<float> target_log_probs;
  std::vector<int32_t> argmax;
  std::vector<int32_t> ids;
  std::vector<float> log_probs;
  for (const llama::PositionLogProbs& position : output.positions) {
    target_log_probs.push_back(position.target);
    argmax.push_back(position.argmax);
    ids.insert(ids.end(), position.ids.begin(), position.ids.end());
    log_probs.insert(log_probs.end(), position.log_probs.begin(), position.log_probs.end());
  }
  auto object = Napi::Object::New(env);
  object.Set("targetLogProbs", CopyOut<Napi::Float32Array>(env, target_log_probs));
  object.Set("argmax", CopyOut<Napi::Int32Array>(env, argmax));
  object.Set("ids", CopyOut<Napi::Int32Array>(env, ids));
  object.Set("logProbs", CopyOut<Napi::Float32Array>(env, log_probs));
  if (!output.logits.empty()) {
    object.Set("logits", CopyOut<Napi::Float32Array>(env, output.logits));
  }
  const llama::RunStats& stats = output.stats;
  object.Set("density", stats.group.density_sum / static_cast<double>(stats.group.rows));
  object.Set("bytesRead", static_cast<double>(stats.group.bytes_read));
  object.Set("denseBytes", static_cast<double>(stats.dense_bytes));
  object.Set("attentionMs", stats.seconds * 1e3);
  auto reasons = Napi::Array::New(env, stats.host_reasons.size());
  uint32_t i = 0;
  for (const std::string& reason : stats.host_reasons) reasons.Set(i++, reason);
  object.Set("hostReasons", reasons);
  return object;
}

llama::DecodeItem ReadItem(const Napi::Object& object) {
  llama::DecodeItem item;
  item.stream = StreamObject::Unwrap(object.Get("stream").As<Napi::Object>())->stream();
  item.tokens = ReadTokens(object.Get("tokens"));
  item.targets = ReadTokens(object.Get("targets"));
  item.n_ids = object.Get("nIds").ToNumber().Uint32Value();
  const Napi::Value ids = object.Get("ids");
  if (ids.IsTypedArray()) item.ids = ReadTokens(ids);
  item.keep_logits = object.Get("keepLogits").ToBoolean();
  const Napi::Value capture = object.Get("capture");
  if (capture.IsObject()) {
    item.capture = CaptureObject::Unwrap(capture.As<Napi::Object>())->capture();
  }
  return item;
}

llama::OverrideWay ReadWay(const Napi::Value& value) {
  if (!value.IsString()) return llama::OverrideWay::kInGraph;
  const std::string name = value.As<Napi::String>().Utf8Value();
  if (name == "replace") return llama::OverrideWay::kReplace;
  if (name == "none") return llama::OverrideWay::kNone;
  return llama::OverrideWay::kInGraph;
}

llama::Decoder& DecoderFor(ModelState* state, llama::OverrideWay way) {
  auto& decoder = state->decoders.at(static_cast<size_t>(way));
  if (decoder == nullptr) {
    decoder = std::make_unique<llama::Decoder>(state->model, way, BestIsa());
  }
  return *decoder;
}

llama::PlainDecodeOptions ReadPlainOptions(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  llama::PlainDecodeOptions options;
  options.flash_attention = object.Get("flashAttention").ToBoolean();
  options.f16_kv = object.Get("kvType").ToString().Utf8Value() == "f16";
  options.empty_cache = object.Get("emptyCache").ToBoolean();
  return options;
}

}  // namespace

Napi::FunctionReference ModelObject::Define(Napi::Env env) {
  return Napi::Persistent(
      DefineClass(env, "LlamaModel",
                  {
                      InstanceMethod<&ModelObject::Info>("info"),
                      InstanceMethod<&ModelObject::Tokenize>("tokenize"),
                      InstanceMethod<&ModelObject::Detokenize>("detokenize"),
                      InstanceMethod<&ModelObject::IsEog>("isEog"),
                      InstanceMethod<&ModelObject::Prefill>("prefill"),
                      InstanceMethod<&ModelObject::ReleasePrefill>("releasePrefill"),
                      InstanceMethod<&ModelObject::Decode>("decode"),
                      InstanceMethod<&ModelObject::PlainLogits>("plainLogits"),
                      InstanceMethod<&ModelObject::PlainSeconds>("plainSeconds"),
                      InstanceMethod<&ModelObject::StarvedBatches>("starvedBatches"),
                      InstanceMethod<&ModelObject::Cancel>("cancel"),
                  }));
}

ModelObject::ModelObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ModelObject>(info) {
  if (!info[0].IsExternal()) {
    ThrowType(info.Env(), "ERR_ARGUMENT", "A LlamaModel is made by loadModel, not by new");
  }
  state_ = *info[0].As<Napi::External<std::shared_ptr<ModelState>>>().Data();
}

Napi::Value ModelObject::Info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const llama::Model& model = *state_->model;
  auto layers = Napi::Array::New(env, model.layers().size());
  for (uint32_t i = 0; i < model.layers().size(); ++i) {
    const llama::LayerGeometry& geometry = model.layers()[i];
    auto layer = Napi::Object::New(env);
    layer.Set("nQHeads", geometry.n_q_heads);
    layer.Set("nKvHeads", geometry.n_kv_heads);
    layer.Set("headDim", geometry.head_dim);
    layer.Set("scale", geometry.scale);
    layer.Set("window", static_cast<double>(geometry.window));
    layers.Set(i, layer);
  }
  auto object = Napi::Object::New(env);
  object.Set("layers", layers);
  object.Set("architecture", model.architecture());
  object.Set("description", model.description());
  object.Set("chatTemplate", model.chat_template());
  object.Set("nVocab", model.n_vocab());
  object.Set("nCtxTrain", model.n_ctx_train());
  object.Set("bos", model.bos());
  object.Set("eos", model.eos());
  object.Set("addBos", model.adds_bos());
  object.Set("threads", model.n_threads());
  return object;
}

Napi::Value ModelObject::Tokenize(const Napi::CallbackInfo& info) {
  try {
    return CopyOut<Napi::Int32Array>(
        info.Env(), state_->model->Tokenize(info[0].ToString(), info[1].ToBoolean()));
  } catch (const llama::EngineFailure& failure) {
    ThrowError(info.Env(), failure.code(), failure.what());
  }
}

Napi::Value ModelObject::Detokenize(const Napi::CallbackInfo& info) {
  try {
    return Napi::String::New(info.Env(),
                             state_->model->Detokenize(ReadTokens(info[0]), info[1].ToBoolean()));
  } catch (const llama::EngineFailure& failure) {
    ThrowError(info.Env(), failure.code(), failure.what());
  }
}

Napi::Value ModelObject::IsEog(const Napi::CallbackInfo& info) {
  const llama::Model& model = *state_->model;
  const int32_t token = info[0].As<Napi::Number>().Int32Value();
  return Napi::Boolean::New(info.Env(), model.IsEndOfGeneration(token));
}

Napi::Value ModelObject::StarvedBatches(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(state_->model->n_starved()));
}

void ModelObject::Cancel(const Napi::CallbackInfo&) { state_->cancelled = true; }

Napi::Value ModelObject::Prefill(const Napi::CallbackInfo& info) {
  struct Result {
    std::unique_ptr<std::vector<uint8_t>> payload;
    bool is_complete = false;
  };
  state_->cancelled = false;
  return AsyncTask<Result>::Start(
      info.Env(), info[1], {info.This().As<Napi::Object>()},
      [state = state_, tokens = ReadTokens(info[0])](const auto& progress) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        if (state->prefiller == nullptr) {
          state->prefiller = std::make_unique<llama::Prefiller>(state->model);
        }
        Result result;
        result.payload = std::make_unique<std::vector<uint8_t>>();
        result.is_complete =
            state->prefiller->Run(tokens, progress, state->cancelled, result.payload.get());
        return result;
      },
      [](Napi::Env env, Result& result) -> Napi::Value {
        if (!result.is_complete) return env.Null();
        std::vector<uint8_t>* payload = result.payload.release();
        return Napi::Buffer<uint8_t>::NewOrCopy(
            env, payload->data(), payload->size(),
            [](Napi::Env, uint8_t*, std::vector<uint8_t>* memory) { delete memory; }, payload);
      });
}

Napi::Value ModelObject::ReleasePrefill(const Napi::CallbackInfo& info) {
  return AsyncTask<bool>::Start(
      info.Env(), info.Env().Undefined(), {info.This().As<Napi::Object>()},
      [state = state_](const auto&) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        state->prefiller.reset();
        return true;
      },
      [](Napi::Env env, bool&) -> Napi::Value { return env.Undefined(); });
}

Napi::Value ModelObject::Decode(const Napi::CallbackInfo& info) {
  using Outputs = std::vector<llama::DecodeOutput>;
  const auto array = info[0].As<Napi::Array>();
  std::vector<llama::DecodeItem> items;
  std::vector<Napi::Object> keep_alive{info.This().As<Napi::Object>()};
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto object = array.Get(i).As<Napi::Object>();
    items.push_back(ReadItem(object));
    keep_alive.push_back(object.Get("stream").As<Napi::Object>());
    const Napi::Value capture = object.Get("capture");
    if (capture.IsObject()) keep_alive.push_back(capture.As<Napi::Object>());
  }
  state_->cancelled = false;
  return AsyncTask<Outputs>::Start(
      info.Env(), info[2], keep_alive,
      [state = state_, items = std::move(items), way = ReadWay(info[1])](const auto& progress) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        return DecoderFor(state.get(), way).Decode(items, progress, state->cancelled);
      },
      [n = array.Length()](Napi::Env env, Outputs& outputs) -> Napi::Value {
        if (outputs.size() != n) return env.Null();
        auto result = Napi::Array::New(env, n);
        for (uint32_t i = 0; i < n; ++i) result.Set(i, WriteOutput(env, outputs[i]));
        return result;
      });
}

Napi::Value ModelObject::PlainLogits(const Napi::CallbackInfo& info) {
  using Logits = std::vector<float>;
  const auto n_steps = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  return AsyncTask<Logits>::Start(
      info.Env(), info.Env().Undefined(), {info.This().As<Napi::Object>()},
      [state = state_, tokens = ReadTokens(info[0]), n_steps,
       options = ReadPlainOptions(info[2])](const auto&) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        return llama::PlainDecode(*state->model, tokens, n_steps, options);
      },
      [](Napi::Env env, Logits& logits) -> Napi::Value {
        return CopyOut<Napi::Float32Array>(env, logits);
      });
}

Napi::Value ModelObject::PlainSeconds(const Napi::CallbackInfo& info) {
  const auto n_steps = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  return AsyncTask<double>::Start(
      info.Env(), info.Env().Undefined(), {info.This().As<Napi::Object>()},
      [state = state_, tokens = ReadTokens(info[0]), n_steps,
       options = ReadPlainOptions(info[2])](const auto&) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        return llama::PlainDecodeSeconds(*state->model, tokens, n_steps, options);
      },
      [](Napi::Env env, double& seconds) -> Napi::Value {
        return Napi::Number::New(env, seconds);
      });
}

}  // namespace sparsetune::binding
