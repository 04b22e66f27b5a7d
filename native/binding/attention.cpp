#include <limits>
#include <memory>

#include "binding/args.h"
#include "binding/arrays.h"
#include "binding/kv_cache.h"
#include "binding/learned.h"
#include "maskers/forward.h"
#include "maskers/kv_cache.h"

namespace sparsetune::binding {
namespace {

/// The largest finite value.
float LargestOf(Dtype dtype) {
  if (dtype == Dtype::kF16) return 65504.0f;
  return dtype == Dtype::kBf16 ? 0x1.fep127f : std::numeric_limits<float>::max();
}

/// JavaScript class KvCache: { nKvHeads, headDim, dtype, capacity }; TypeScript has validated them.
class JsKvCache : public Napi::ObjectWrap<JsKvCache> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "KvCache",
        {InstanceMethod<&JsKvCache::Append>("append"),
         InstanceMethod<&JsKvCache::FillRow>("fillRow"), InstanceAccessor<&JsKvCache::NKv>("nKv"),
         InstanceAccessor<&JsKvCache::Bytes>("bytes"),
         InstanceAccessor<&JsKvCache::IsBusy>("isBusy")});
  }

  explicit JsKvCache(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JsKvCache>(info) {
    const auto options = info[0].As<Napi::Object>();
    KvCache::Shape shape;
    shape.n_kv_heads = ReadSize(options, "nKvHeads");
    shape.head_dim = ReadSize(options, "headDim");
    shape.capacity = ReadSize(options, "capacity");
    shape.dtype = ReadDtype(options.Get("dtype"));
    cache_ = std::make_shared<KvCache>(shape);
  }

  const std::shared_ptr<KvCache>& cache() const { return cache_; }

 private:
  void Append(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto keys = ReadFloats(info[0]);
    const auto values = ReadFloats(info[1]);
    const auto& shape = cache_->shape();
    RequireFinite(env, "keys", keys, LargestOf(shape.dtype));
    RequireFinite(env, "values", values, LargestOf(shape.dtype));
    if (keys.length != values.length) ThrowUnlessOk(env, Status::kInvalidShape);
    ThrowUnlessOk(env, cache_->Append(keys.data, values.data,
                                      keys.length / (shape.n_kv_heads * shape.head_dim)));
  }

  void FillRow(const Napi::CallbackInfo& info) {
    cache_->FillRow(ReadSize(info[0]), ReadSize(info[1]), info[2].ToBoolean(), info[3].ToBoolean(),
                    info[4].ToNumber().FloatValue());
  }

  Napi::Value NKv(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(cache_->n_kv()));
  }

  Napi::Value Bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(cache_->bytes()));
  }

  Napi::Value IsBusy(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), cache_->pending() > 0);
  }

  std::shared_ptr<KvCache> cache_;
};

void ReadDraws(const Napi::Value& value, const uint32_t** draws, size_t* n) {
  if (!value.IsTypedArray()) return;
  const auto array = ReadUint32s(value);
  *draws = array.data;
  *n = array.length;
}

HubGiven ReadGiven(const Napi::Value& value, size_t mask_row, size_t n_q_heads) {
  HubGiven given;
  if (!value.IsObject()) return given;
  const auto object = value.As<Napi::Object>();
  const Napi::Value mask = object.Get("attentionMask");
  if (mask.IsTypedArray()) {
    const auto floats = ReadFloats(mask);
    given.attention_mask = floats.data;
    given.mask_heads = floats.length == mask_row ? 1 : n_q_heads;
  }
  const Napi::Value projection = object.Get("projection");
  if (projection.IsTypedArray()) given.projection = ReadFloats(projection).data;
  const Napi::Value max_norm = object.Get("maxNorm");
  if (max_norm.IsNumber()) given.max_norm = max_norm.As<Napi::Number>().FloatValue();
  ReadDraws(object.Get("sampledIndices"), &given.sampled, &given.n_sampled);
  ReadDraws(object.Get("baseIndices"), &given.base, &given.n_base);
  ReadDraws(object.Get("adaptiveIndices"), &given.adaptive, &given.n_adaptive);
  return given;
}

/// Arguments (config, { nQHeads, scale, layer, isa, threads }, queries, cache, { returnMask, given
/// }).
ForwardInput ReadForward(const Napi::CallbackInfo& info, const KvCache& cache) {
  ForwardInput input;
  input.chain = ReadChain(info[0]);
  const auto options = info[1].As<Napi::Object>();
  input.n_q_heads = ReadSize(options, "nQHeads");
  input.scale = options.Get("scale").ToNumber().FloatValue();
  input.layer = static_cast<uint32_t>(ReadSize(options, "layer"));
  input.isa = ReadIsa(options.Get("isa"));
  input.n_threads = ReadSize(options, "threads");
  const auto queries = ReadFloats(info[2]);
  RequireFinite(info.Env(), "queries", queries, std::numeric_limits<float>::max());
  input.queries = queries.data;
  input.n_q = queries.length / (input.n_q_heads * cache.shape().head_dim);
  const auto call = info[4].As<Napi::Object>();
  input.wants_mask = call.Get("returnMask").ToBoolean();
  input.given = ReadGiven(call.Get("given"), input.n_q * cache.n_kv(), input.n_q_heads);
  return input;
}

Napi::Object WrapMask(Napi::Env env, const MaskRecord& mask) {
  auto object = Napi::Object::New(env);
  if (mask.indices.size() > std::numeric_limits<uint32_t>::max()) {
    ThrowRange(env, "ERR_CAPACITY", "The mask has too many entries; ask for it in fewer queries");
  }
  object.Set("indptr", ToJs(env, std::vector<uint32_t>(mask.indptr.begin(), mask.indptr.end())));
  object.Set("indices", ToJs(env, mask.indices));
  object.Set("probs", ToJs(env, mask.probs));
  return object;
}

Napi::Object WrapOutput(Napi::Env env, const ForwardInput& input, const ForwardOutput& result) {
  auto object = Napi::Object::New(env);
  object.Set("output", ToJs(env, result.output));
  object.Set("density", Napi::Number::New(env, result.stats.density_sum /
                                                   static_cast<double>(result.stats.rows)));
  object.Set("bytesRead", Napi::Number::New(env, static_cast<double>(result.stats.bytes_read)));
  if (input.wants_mask) object.Set("mask", WrapMask(env, result.mask));
  return object;
}

Napi::Value JsForward(const Napi::CallbackInfo& info) {
  const auto& cache = ReadCache(info[3]);
  const ForwardInput input = ReadForward(info, *cache);
  ForwardOutput result;
  ThrowUnlessOk(info.Env(), Forward(input, cache.get(), &result));
  return WrapOutput(info.Env(), input, result);
}

/// A forward on a thread of libuv's pool. It owns copies of what the caller could change meanwhile,
/// and marks the cache as busy for as long as it lives.
class ForwardWorker : public Napi::AsyncWorker {
 public:
  ForwardWorker(Napi::Env env, ForwardInput input, std::shared_ptr<KvCache> cache)
      : Napi::AsyncWorker(env, "sparsetune.forward"),
        deferred_(Napi::Promise::Deferred::New(env)),
        input_(std::move(input)),
        cache_(std::move(cache)) {
    const size_t head_dim = cache_->shape().head_dim;
    const size_t n_cells = input_.n_q * cache_->n_kv();
    Own(input_.n_q_heads * input_.n_q * head_dim, &input_.queries, &queries_);
    Own(input_.given.mask_heads * n_cells, &input_.given.attention_mask, &attention_mask_);
    HubGiven& given = input_.given;
    Own(given.n_sampled, &given.sampled, &sampled_);
    Own(given.n_base, &given.base, &base_);
    Own(given.n_adaptive, &given.adaptive, &adaptive_);
    for (const MaskerConfig& masker : input_.chain.maskers) {
      if (masker.kind != MaskerKind::kMagicPig) continue;
      const size_t n_planes = static_cast<size_t>(masker.lsh_l) * masker.lsh_k;
      Own((head_dim + 1) * n_planes, &input_.given.projection, &projection_);
    }
    ++cache_->pending();
  }
  ~ForwardWorker() override { --cache_->pending(); }
  ForwardWorker(const ForwardWorker&) = delete;
  ForwardWorker& operator=(const ForwardWorker&) = delete;

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { status_ = Forward(input_, cache_.get(), &result_); }

  void OnOK() override {
    try {
      ThrowUnlessOk(Env(), status_);
      deferred_.Resolve(WrapOutput(Env(), input_, result_));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  template <typename T>
  static void Own(size_t n, const T** source, std::vector<T>* copy) {
    if (*source == nullptr) return;
    copy->assign(*source, *source + n);
    *source = copy->data();
  }

  Napi::Promise::Deferred deferred_;
  ForwardInput input_;
  std::shared_ptr<KvCache> cache_;
  std::vector<float> queries_;
  std::vector<float> attention_mask_;
  std::vector<float> projection_;
  std::vector<uint32_t> sampled_;
  std::vector<uint32_t> base_;
  std::vector<uint32_t> adaptive_;
  ForwardOutput result_;
  Status status_ = Status::kOk;
};

Napi::Value JsForwardAsync(const Napi::CallbackInfo& info) {
  const auto& cache = ReadCache(info[3]);
  // Freed by node-addon-api after OnOK.
  auto* worker = new ForwardWorker(info.Env(), ReadForward(info, *cache), cache);
  worker->Queue();
  return worker->promise();
}

Napi::Value JsIsDetached(const Napi::CallbackInfo& info) {
  bool is_detached = false;
  napi_is_detached_arraybuffer(info.Env(), info[0], &is_detached);
  return Napi::Boolean::New(info.Env(), is_detached);
}

Napi::Value JsSupportsIsa(const Napi::CallbackInfo& info) {
  const std::string name = info[0].ToString().Utf8Value();
  Isa isa = Isa::kScalar;
  return Napi::Boolean::New(info.Env(), FindIsa(name.c_str(), &isa) && SupportsIsa(isa));
}

}  // namespace

const std::shared_ptr<KvCache>& ReadCache(const Napi::Value& value) {
  return Napi::ObjectWrap<JsKvCache>::Unwrap(value.As<Napi::Object>())->cache();
}

void RegisterAttention(Napi::Env env, Napi::Object exports) {
  exports.Set("KvCache", JsKvCache::Define(env));
  exports.Set("forward", Napi::Function::New<JsForward>(env, "forward"));
  exports.Set("forwardAsync", Napi::Function::New<JsForwardAsync>(env, "forwardAsync"));
  exports.Set("isDetached", Napi::Function::New<JsIsDetached>(env, "isDetached"));
  exports.Set("supportsIsa", Napi::Function::New<JsSupportsIsa>(env, "supportsIsa"));
  RegisterLearned(env, exports);
  RegisterKernels(env, exports);
  RegisterLimits(env, exports);
}

}  // namespace sparsetune::binding
