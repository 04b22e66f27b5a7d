#include <limits>
#include <memory>
#include <string>

#include "binding/args.h"
#include "binding/arrays.h"
#include "binding/kv_cache.h"
#include "binding/learned.h"
#include "maskers/layer_cache.h"

namespace sparsetune::binding {
namespace {

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
ForwardInput ReadForward(const Napi::CallbackInfo& info, const LayerCache& cache) {
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
  const auto cache = ReadCache(info[3]);
  const ForwardInput input = ReadForward(info, *cache);
  ForwardOutput result;
  const Status status = cache->Forward(input, &result);
  if (status != Status::kOk) ThrowUnlessOk(info.Env(), status, cache->FailureText());
  return WrapOutput(info.Env(), input, result);
}

/// A forward on a thread of libuv's pool. It owns copies of what the caller could change meanwhile,
/// and marks the cache as busy for as long as it lives.
class ForwardWorker : public Napi::AsyncWorker {
 public:
  ForwardWorker(Napi::Env env, ForwardInput input, std::shared_ptr<LayerCache> cache)
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
  void Execute() override {
    status_ = cache_->Forward(input_, &result_);
    if (status_ != Status::kOk) failure_ = cache_->FailureText();
  }

  void OnOK() override {
    try {
      ThrowUnlessOk(Env(), status_, failure_);
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
  std::shared_ptr<LayerCache> cache_;
  std::vector<float> queries_;
  std::vector<float> attention_mask_;
  std::vector<float> projection_;
  std::vector<uint32_t> sampled_;
  std::vector<uint32_t> base_;
  std::vector<uint32_t> adaptive_;
  ForwardOutput result_;
  Status status_ = Status::kOk;
  std::string failure_;
};

Napi::Value JsForwardAsync(const Napi::CallbackInfo& info) {
  const auto cache = ReadCache(info[3]);
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

void RegisterAttention(Napi::Env env, Napi::Object exports) {
  RegisterKvCache(env, exports);
  exports.Set("forward", Napi::Function::New<JsForward>(env, "forward"));
  exports.Set("forwardAsync", Napi::Function::New<JsForwardAsync>(env, "forwardAsync"));
  exports.Set("isDetached", Napi::Function::New<JsIsDetached>(env, "isDetached"));
  exports.Set("supportsIsa", Napi::Function::New<JsSupportsIsa>(env, "supportsIsa"));
  RegisterLearned(env, exports);
  RegisterKernels(env, exports);
  RegisterLimits(env, exports);
}

}  // namespace sparsetune::binding
