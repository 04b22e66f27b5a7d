#include "binding/kv_cache.h"

#include <limits>

#include "binding/args.h"
#include "binding/arrays.h"
#include "device/kv_cache.h"

namespace sparsetune::binding {
namespace {

/// The largest finite value.
float LargestOf(Dtype dtype) {
  if (dtype == Dtype::kF16) return 65504.0f;
  return dtype == Dtype::kBf16 ? 0x1.fep127f : std::numeric_limits<float>::max();
}

/// JavaScript class KvCache: { nKvHeads, headDim, dtype, capacity, device }; TypeScript has
/// validated them.
class JsKvCache : public Napi::ObjectWrap<JsKvCache> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "KvCache",
        {InstanceMethod<&JsKvCache::Append>("append"),
         InstanceMethod<&JsKvCache::FillRow>("fillRow"),
         InstanceMethod<&JsKvCache::Dispose>("dispose"), InstanceAccessor<&JsKvCache::NKv>("nKv"),
         InstanceAccessor<&JsKvCache::Bytes>("bytes"),
         InstanceAccessor<&JsKvCache::IsBusy>("isBusy")});
  }

  explicit JsKvCache(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JsKvCache>(info) {
    const auto options = info[0].As<Napi::Object>();
    LayerCache::Shape shape;
    shape.n_kv_heads = ReadSize(options, "nKvHeads");
    shape.head_dim = ReadSize(options, "headDim");
    shape.capacity = ReadSize(options, "capacity");
    shape.dtype = ReadDtype(options.Get("dtype"));
    if (options.Get("device").ToString().Utf8Value() == "cuda") {
      cache_ = device::MakeKvCache(shape);
      if (cache_ == nullptr) ThrowUnlessOk(info.Env(), Status::kDevice, "it is not in this build");
    } else {
      cpu_cache_ = std::make_shared<KvCache>(shape);
      cache_ = cpu_cache_;
    }
  }

  const std::shared_ptr<KvCache>& cpu_cache() const { return cpu_cache_; }

  void Finalize(Napi::Env env) override { Release(env); }

  std::shared_ptr<LayerCache> cache(Napi::Env env) const {
    if (cache_ == nullptr) {
      ThrowError(env, "ERR_DISPOSED", "This KvCache has been disposed of; make another one");
    }
    return cache_;
  }

 private:
  void Append(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto target = cache(env);
    const auto keys = ReadFloats(info[0]);
    const auto values = ReadFloats(info[1]);
    const auto& shape = target->shape();
    RequireFinite(env, "keys", keys, LargestOf(shape.dtype));
    RequireFinite(env, "values", values, LargestOf(shape.dtype));
    if (keys.length != values.length) ThrowUnlessOk(env, Status::kInvalidShape);
    const size_t n = keys.length / (shape.n_kv_heads * shape.head_dim);
    const Status status = target->Append(keys.data, values.data, n);
    if (status != Status::kOk) ThrowUnlessOk(env, status, target->FailureText());
    Account(env, target->bytes());
  }

  void FillRow(const Napi::CallbackInfo& info) {
    const auto target = cache(info.Env());
    const Status status = target->FillRow(ReadSize(info[0]), ReadSize(info[1]), info[2].ToBoolean(),
                                          info[3].ToBoolean(), info[4].ToNumber().FloatValue());
    if (status != Status::kOk) ThrowUnlessOk(info.Env(), status, target->FailureText());
  }

  void Dispose(const Napi::CallbackInfo& info) { Release(info.Env()); }

  Napi::Value NKv(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(),
                             cache_ == nullptr ? 0 : static_cast<double>(cache_->n_kv()));
  }

  Napi::Value Bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(),
                             cache_ == nullptr ? 0 : static_cast<double>(cache_->bytes()));
  }

  Napi::Value IsBusy(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), cache_ != nullptr && cache_->pending() > 0);
  }

  /// A call under way keeps the memory until it ends.
  void Release(Napi::Env env) {
    cache_.reset();
    cpu_cache_.reset();
    Account(env, 0);
  }

  /// Tells the garbage collector what hangs on this object.
  void Account(Napi::Env env, size_t bytes) {
    Napi::MemoryManagement::AdjustExternalMemory(
        env, static_cast<int64_t>(bytes) - static_cast<int64_t>(accounted_));
    accounted_ = bytes;
  }

  std::shared_ptr<LayerCache> cache_;
  std::shared_ptr<KvCache> cpu_cache_;  ///< the same; null for a cache on the GPU
  size_t accounted_ = 0;
};

}  // namespace

std::shared_ptr<LayerCache> ReadCache(const Napi::Value& value) {
  return Napi::ObjectWrap<JsKvCache>::Unwrap(value.As<Napi::Object>())->cache(value.Env());
}

std::shared_ptr<KvCache> ReadCpuCache(const Napi::Value& value) {
  const auto* object = Napi::ObjectWrap<JsKvCache>::Unwrap(value.As<Napi::Object>());
  object->cache(value.Env());
  if (object->cpu_cache() == nullptr) {
    ThrowType(value.Env(), "ERR_ARGUMENT", "Expected a cache on the CPU");
  }
  return object->cpu_cache();
}

void RegisterKvCache(Napi::Env env, Napi::Object exports) {
  exports.Set("KvCache", JsKvCache::Define(env));
}

}  // namespace sparsetune::binding
