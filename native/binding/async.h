#pragma once

#include <napi.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "llama/engine_failure.h"

namespace sparsetune::binding {

/// Work off the main thread that settles a promise: `work` runs on a libuv thread, `finish` turns
/// its result into a value on the main thread. An EngineFailure becomes an Error with its code.
template <typename Result>
class AsyncTask : public Napi::AsyncWorker {
 public:
  using Progress = std::function<void(size_t)>;
  using Work = std::function<Result(const Progress&)>;
  using Finish = std::function<Napi::Value(Napi::Env, Result&)>;

  /// @param on_progress  a function, or undefined
  /// @param keep_alive   objects whose memory `work` uses
  static Napi::Promise Start(Napi::Env env, const Napi::Value& on_progress,
                             const std::vector<Napi::Object>& keep_alive, Work work,
                             Finish finish) {
    auto* task = new AsyncTask(env, std::move(work), std::move(finish));
    for (const Napi::Object& object : keep_alive) {
      task->keep_alive_.push_back(Napi::Persistent(object));
    }
    if (on_progress.IsFunction()) {
      task->on_progress_ = Napi::ThreadSafeFunction::New(env, on_progress.As<Napi::Function>(),
                                                         "sparsetune progress", 0, 1);
    }
    const Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

 protected:
  void Execute() override {
    try {
      result_ = work_([this](size_t done) { Report(done); });
    } catch (const llama::EngineFailure& failure) {
      code_ = failure.code();
      SetError(failure.what());
    } catch (const std::bad_alloc&) {
      SetError("Out of memory");
    } catch (const std::exception& error) {
      SetError(error.what());
    }
    if (on_progress_) on_progress_.Release();
  }

  void OnOK() override {
    try {
      deferred_.Resolve(finish_(Env(), result_));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }

  void OnError(const Napi::Error& error) override {
    error.Set("code", Napi::String::New(Env(), code_));
    deferred_.Reject(error.Value());
  }

 private:
  AsyncTask(Napi::Env env, Work work, Finish finish)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        finish_(std::move(finish)) {}

  void Report(size_t done) {
    if (!on_progress_) return;
    on_progress_.NonBlockingCall([done](Napi::Env env, Napi::Function callback) {
      callback.Call({Napi::Number::New(env, static_cast<double>(done))});
    });
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Finish finish_;
  Result result_{};
  std::string code_ = "ERR_ENGINE";
  std::vector<Napi::ObjectReference> keep_alive_;
  Napi::ThreadSafeFunction on_progress_;
};

}  // namespace sparsetune::binding
