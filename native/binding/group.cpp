#include <algorithm>
#include <memory>

#include "binding/args.h"
#include "binding/arrays.h"
#include "maskers/chain.h"

// AttendGroup as the engine calls it (base and tail, parent and child index, a window), for tests.

namespace sparsetune::binding {
namespace {

/// Keys and values of one head and its queries, all on the caller's memory.
struct GroupArgs {
  ChainConfig chain;
  GroupInput input;
  Isa isa = Isa::kScalar;
  size_t n_base = 0;
  size_t step = 0;  ///< keys per Extend of the child index
};

GroupArgs ReadGroup(const Napi::Object& args) {
  GroupArgs group;
  group.chain = ReadChain(args.Get("config"));
  group.isa = ReadIsa(args.Get("isa"));
  GroupInput& input = group.input;
  const size_t head_dim = ReadSize(args, "headDim");
  const auto keys = ReadFloats(args.Get("keys"));
  const auto values = ReadFloats(args.Get("values"));
  const auto queries = ReadFloats(args.Get("queries"));
  input.group_size = ReadSize(args, "groupSize");
  input.n_q = queries.length / (input.group_size * head_dim);
  const size_t n_kv = keys.length / head_dim;
  group.n_base = ReadSize(args, "nBase");
  group.step = ReadSize(args, "step");
  if (keys.length != values.length || group.n_base > n_kv || group.step == 0) {
    ThrowUnlessOk(args.Env(), Status::kInvalidShape);
  }
  input.kv.dtype = Dtype::kF32;
  input.kv.head_dim = head_dim;
  input.kv.base = {keys.data, values.data, group.n_base};
  input.kv.tail = {keys.data + group.n_base * head_dim, values.data + group.n_base * head_dim,
                   n_kv - group.n_base};
  input.queries = queries.data;
  input.head_stride = input.n_q * head_dim;
  input.query_stride = head_dim;
  input.scale = args.Get("scale").ToNumber().FloatValue();
  input.window = ReadSize(args, "window");
  if (args.Has("layer")) input.layer = static_cast<uint32_t>(ReadSize(args, "layer"));
  return group;
}

/// An index of the base, and a child of it that is extended `step` keys at a time.
std::unique_ptr<KeyIndex> BuildIndex(Napi::Env env, const GroupArgs& group) {
  const KvView& kv = group.input.kv;
  auto parent = std::make_shared<KeyIndex>(group.chain, group.input.layer, kv.head_dim);
  KvView seen = kv;
  seen.tail.n_kv = 0;
  ThrowUnlessOk(env, parent->Extend(seen, group.isa));
  auto child = std::make_unique<KeyIndex>(parent);
  while (seen.tail.n_kv < kv.tail.n_kv) {
    seen.tail.n_kv = std::min(seen.tail.n_kv + group.step, kv.tail.n_kv);
    ThrowUnlessOk(env, child->Extend(seen, group.isa));
  }
  return child;
}

/// { config, headDim, groupSize, queries, keys, values, scale, nBase, step, window, isa }
/// -> { output, attended, visible, bytesRead, indptr, indices, probs }
Napi::Value JsAttendGroup(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const GroupArgs group = ReadGroup(info[0].As<Napi::Object>());
  const GroupInput& input = group.input;
  std::unique_ptr<KeyIndex> index;
  if (NeedsIndex(group.chain)) index = BuildIndex(env, group);
  Scratch scratch;
  GroupStats stats;
  MaskRecord mask;
  std::vector<float> output(input.group_size * input.head_stride);
  ThrowUnlessOk(env,
                AttendGroup(group.chain, input, index.get(), group.isa, &scratch, output.data(),
                            input.head_stride, input.query_stride, &stats, &mask));
  auto result = Napi::Object::New(env);
  result.Set("output", ToJs(env, output));
  result.Set("attended", Napi::Number::New(env, static_cast<double>(stats.attended)));
  result.Set("visible", Napi::Number::New(env, static_cast<double>(stats.visible)));
  result.Set("bytesRead", Napi::Number::New(env, static_cast<double>(stats.bytes_read)));
  result.Set("indptr", ToJs(env, std::vector<uint32_t>(mask.indptr.begin(), mask.indptr.end())));
  result.Set("indices", ToJs(env, mask.indices));
  result.Set("probs", ToJs(env, mask.probs));
  return result;
}

}  // namespace

void RegisterGroup(Napi::Env env, Napi::Object kernels) {
  kernels.Set("attendGroup", Napi::Function::New<JsAttendGroup>(env, "attendGroup"));
}

}  // namespace sparsetune::binding
