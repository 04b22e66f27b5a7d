#include "binding/learned.h"

#include <cstring>
#include <memory>
#include <string>

#include "binding/arrays.h"

namespace sparsetune::binding {
namespace {

template <typename T>
using Handle = Napi::External<std::shared_ptr<const T>>;

/// FNV-1a, word by word.
class Fingerprint {
 public:
  template <typename T>
  void Add(const T* values, size_t n) {
    static_assert(sizeof(T) == 4);
    for (size_t i = 0; i < n; ++i) {
      uint32_t word = 0;
      std::memcpy(&word, values + i, sizeof word);
      hash_ = (hash_ ^ word) * 0x100000001b3u;
    }
  }
  void Add(size_t size) {
    const auto word = static_cast<uint32_t>(size);
    Add(&word, 1);
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325u;
};

template <typename T>
Napi::Value Wrap(Napi::Env env, T contents) {
  auto* pointer = new std::shared_ptr<const T>(std::make_shared<const T>(std::move(contents)));
  return Handle<T>::New(env, pointer, [](Napi::Env, std::shared_ptr<const T>* p) { delete p; });
}

template <typename T>
std::shared_ptr<const T> Unwrap(const Napi::Value& value) {
  return value.IsExternal() ? *value.As<Handle<T>>().Data() : nullptr;
}

/// { nIn, nOut, matrix [nHeads, nIn, nOut], bias [nHeads, nOut] }; TypeScript has checked sizes.
HashLayer ReadHashLayer(const Napi::Object& object, size_t n_heads, Fingerprint* fingerprint) {
  HashLayer layer;
  layer.n_in = ReadSize(object, "nIn");
  layer.n_out = ReadSize(object, "nOut");
  const auto matrix = ReadFloats(object.Get("matrix"));
  const auto bias = ReadFloats(object.Get("bias"));
  const size_t n = layer.n_in * layer.n_out;
  if (matrix.length != n_heads * n || bias.length != n_heads * layer.n_out) {
    ThrowUnlessOk(object.Env(), Status::kInvalidShape);
  }
  layer.rows.resize(n_heads * n);
  for (size_t head = 0; head < n_heads; ++head) {
    for (size_t i = 0; i < n; ++i) {
      layer.rows[head * n + i % layer.n_out * layer.n_in + i / layer.n_out] =
          matrix.data[head * n + i];
    }
  }
  layer.bias.assign(bias.data, bias.data + bias.length);
  fingerprint->Add(layer.n_in);
  fingerprint->Add(layer.rows.data(), layer.rows.size());
  fingerprint->Add(layer.bias.data(), layer.bias.size());
  return layer;
}

HashNetwork ReadNetwork(const Napi::Value& value, size_t n_heads, Fingerprint* fingerprint) {
  const auto layers = value.As<Napi::Array>();
  HashNetwork network;
  for (uint32_t i = 0; i < layers.Length(); ++i) {
    network.push_back(ReadHashLayer(layers.Get(i).As<Napi::Object>(), n_heads, fingerprint));
  }
  fingerprint->Add(network.size());
  return network;
}

Activation ReadActivation(const std::string& name) {
  if (name == "relu") return Activation::kRelu;
  if (name == "gelu") return Activation::kGelu;
  return name == "tanh" ? Activation::kTanh : Activation::kSilu;
}

/// { activation, layers: [{ layer, nHeads, query: [...], key: [...] }] } -> handle
Napi::Value JsHashWeights(const Napi::CallbackInfo& info) {
  const auto args = info[0].As<Napi::Object>();
  const auto layers = args.Get("layers").As<Napi::Array>();
  HashWeights weights;
  weights.activation = ReadActivation(args.Get("activation").ToString().Utf8Value());
  Fingerprint fingerprint;
  fingerprint.Add(static_cast<size_t>(weights.activation));
  for (uint32_t i = 0; i < layers.Length(); ++i) {
    const auto entry = layers.Get(i).As<Napi::Object>();
    const size_t number = ReadSize(entry, "layer");
    if (weights.layers.size() <= number) weights.layers.resize(number + 1);
    HashOfLayer& layer = weights.layers[number];
    layer.n_heads = ReadSize(entry, "nHeads");
    fingerprint.Add(number);
    fingerprint.Add(layer.n_heads);
    layer.query = ReadNetwork(entry.Get("query"), layer.n_heads, &fingerprint);
    layer.key = ReadNetwork(entry.Get("key"), layer.n_heads, &fingerprint);
  }
  weights.fingerprint = fingerprint.value();
  return Wrap(info.Env(), std::move(weights));
}

/// { layers: [{ layer, nHeads, order [nHeads, headDim] }] } -> handle
Napi::Value JsChannelLists(const Napi::CallbackInfo& info) {
  const auto layers = info[0].As<Napi::Object>().Get("layers").As<Napi::Array>();
  ChannelLists lists;
  Fingerprint fingerprint;
  for (uint32_t i = 0; i < layers.Length(); ++i) {
    const auto entry = layers.Get(i).As<Napi::Object>();
    const size_t number = ReadSize(entry, "layer");
    if (lists.layers.size() <= number) lists.layers.resize(number + 1);
    ChannelsOfLayer& layer = lists.layers[number];
    layer.n_heads = ReadSize(entry, "nHeads");
    const auto order = ReadUint32s(entry.Get("order"));
    layer.order.assign(order.data, order.data + order.length);
    fingerprint.Add(number);
    fingerprint.Add(layer.n_heads);
    fingerprint.Add(order.data, order.length);
  }
  lists.fingerprint = fingerprint.value();
  return Wrap(info.Env(), std::move(lists));
}

}  // namespace

void RegisterLearned(Napi::Env env, Napi::Object exports) {
  exports.Set("hashWeights", Napi::Function::New<JsHashWeights>(env, "hashWeights"));
  exports.Set("channelLists", Napi::Function::New<JsChannelLists>(env, "channelLists"));
}

void ReadLearned(const Napi::Object& masker, MaskerConfig* config) {
  config->hash = Unwrap<HashWeights>(masker.Get("weights"));
  config->channels = Unwrap<ChannelLists>(masker.Get("channels"));
}

}  // namespace sparsetune::binding
