#pragma once

#include <napi.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "llama/decoder.h"
#include "llama/prefiller.h"

namespace sparsetune::binding {

/// A loaded model with what runs on it, shared by the JavaScript object and running tasks. `mutex`
/// serialises the tasks: contexts of one model share a thread pool.
struct ModelState {
  std::shared_ptr<const llama::Model> model;
  std::unique_ptr<llama::Prefiller> prefiller;
  std::array<std::unique_ptr<llama::Decoder>, 3> decoders;  // by OverrideWay, made on first use
  std::shared_ptr<llama::IndexCache> indexes = std::make_shared<llama::IndexCache>(kIndexBytes);
  std::mutex mutex;
  std::atomic<bool> cancelled{false};

  /// Bound of the indexes of all snapshots of a model together.
  static constexpr size_t kIndexBytes = size_t{1} << 30;
};

/// JavaScript class LlamaModel; see ts/native/llama-addon.ts for the methods.
class ModelObject : public Napi::ObjectWrap<ModelObject> {
 public:
  static Napi::FunctionReference Define(Napi::Env env);
  explicit ModelObject(const Napi::CallbackInfo& info);
  const std::shared_ptr<ModelState>& state() const { return state_; }

 private:
  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Tokenize(const Napi::CallbackInfo& info);
  Napi::Value Detokenize(const Napi::CallbackInfo& info);
  Napi::Value IsEog(const Napi::CallbackInfo& info);
  Napi::Value ReleasePrefill(const Napi::CallbackInfo& info);
  Napi::Value Prefill(const Napi::CallbackInfo& info);
  Napi::Value Decode(const Napi::CallbackInfo& info);
  Napi::Value PlainLogits(const Napi::CallbackInfo& info);
  Napi::Value PlainSeconds(const Napi::CallbackInfo& info);
  Napi::Value StarvedBatches(const Napi::CallbackInfo& info);
  void Cancel(const Napi::CallbackInfo& info);

  std::shared_ptr<ModelState> state_;
};

/// JavaScript class KvSnapshot(model, payload, nTokens); keeps the payload alive.
class SnapshotObject : public Napi::ObjectWrap<SnapshotObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit SnapshotObject(const Napi::CallbackInfo& info);
  const std::shared_ptr<llama::KvSnapshot>& snapshot() const { return snapshot_; }

 private:
  std::shared_ptr<llama::KvSnapshot> snapshot_;
  Napi::ObjectReference payload_;
};

/// JavaScript class DecodeStream(model, snapshot, chain, capacity); keeps the snapshot alive.
class StreamObject : public Napi::ObjectWrap<StreamObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit StreamObject(const Napi::CallbackInfo& info);
  const std::shared_ptr<llama::DecodeStream>& stream() const { return stream_; }

 private:
  Napi::Value NTail(const Napi::CallbackInfo& info);
  void Truncate(const Napi::CallbackInfo& info);

  std::shared_ptr<llama::DecodeStream> stream_;
  Napi::ObjectReference snapshot_;
};

/// JavaScript class QueryCapture(model, snapshot, layers, nQ); keeps the snapshot alive.
class CaptureObject : public Napi::ObjectWrap<CaptureObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit CaptureObject(const Napi::CallbackInfo& info);
  const std::shared_ptr<llama::QueryCapture>& capture() const { return capture_; }

 private:
  Napi::Value OutputErrors(const Napi::CallbackInfo& info);
  Napi::Value Queries(const Napi::CallbackInfo& info);

  std::shared_ptr<ModelState> state_;
  std::shared_ptr<llama::QueryCapture> capture_;
  Napi::ObjectReference snapshot_;
};

/// Reads the tokens of an Int32Array.
std::vector<int32_t> ReadTokens(const Napi::Value& value);

}  // namespace sparsetune::binding
