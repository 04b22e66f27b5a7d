#include <algorithm>
#include <functional>
#include <vector>

#include "binding/args.h"
#include "binding/arrays.h"
#include "binding/kv_cache.h"
#include "maskers/attend_selection.h"
#include "maskers/dense.h"
#include "maskers/scratch_list.h"

// Attention over lists of keys that the caller chose, for tests and benchmarks.

namespace sparsetune::binding {
namespace {

struct Lists {
  const uint32_t* indices = nullptr;  ///< [n_lists, n] ascending
  size_t n = 0;
  bool is_per_head = false;
};

/// Whether each list ascends, to a key that there is.
bool AreKeys(const Lists& lists, size_t n_lists, size_t n_kv) {
  for (size_t list = 0; list < n_lists; ++list) {
    const uint32_t* keys = lists.indices + list * lists.n;
    const bool ascends = std::is_sorted(keys, keys + lists.n, std::less_equal<uint32_t>());
    if (!ascends || (lists.n > 0 && keys[lists.n - 1] >= n_kv)) return false;
  }
  return true;
}

/// One KV head: a list for all its queries, or one for each.
Status AttendHead(const QueryGroup& group, const Lists& lists) {
  const GroupInput& input = *group.input;
  const size_t head_dim = input.kv.head_dim;
  const size_t n_lists = lists.is_per_head ? input.group_size : 1;
  const size_t n_queries = input.group_size / n_lists;
  const AttendState state = BeginState(input.group_size, head_dim, group.buffers);
  for (size_t i = 0; i < n_lists; ++i) {
    const size_t list = input.kv_head * n_lists + i;
    const AttendQueries queries = {group.queries + i, n_queries, head_dim, input.scale};
    AttendState own = StateFrom(state, i, head_dim);
    const KeyList keys = {lists.indices + list * lists.n, lists.n};
    const Status status = AttendList(queries, group, keys, &own);
    if (status != Status::kOk) return status;
  }
  AttendEnd(state, input.group_size, head_dim, group.buffers->outputs.data());
  return Status::kOk;
}

/// { cache, queries, lists, n, isPerHead, scale, isa } -> [nQHeads, headDim]
Napi::Value JsAttendLists(const Napi::CallbackInfo& info) {
  BorrowedScratches scratches(1);
  Scratch::Buffers& buffers = scratches[0]->buffers();
  const auto args = info[0].As<Napi::Object>();
  const auto cache = ReadCpuCache(args.Get("cache"));
  const auto& shape = cache->shape();
  const auto queries = ReadFloats(args.Get("queries"));
  const auto indices = ReadUint32s(args.Get("lists"));
  const Lists lists = {indices.data, ReadSize(args, "n"), args.Get("isPerHead").ToBoolean()};
  const size_t n_q_heads = queries.length / shape.head_dim;
  const size_t n_lists = lists.is_per_head ? n_q_heads : shape.n_kv_heads;
  const bool has_lists = n_q_heads % shape.n_kv_heads == 0 && indices.length == n_lists * lists.n;
  if (!has_lists || !AreKeys(lists, n_lists, cache->n_kv())) {
    ThrowRange(info.Env(), "ERR_SHAPE", "Expected lists of ascending keys, one for each head");
  }
  const Isa isa = ReadIsa(args.Get("isa"));
  const float scale = args.Get("scale").ToNumber().FloatValue();
  const size_t group_size = n_q_heads / shape.n_kv_heads;
  std::vector<float> output(queries.length);
  for (size_t kv_head = 0; kv_head < shape.n_kv_heads; ++kv_head) {
    buffers.queries.clear();
    buffers.outputs.clear();
    for (size_t head = kv_head * group_size; head < (kv_head + 1) * group_size; ++head) {
      buffers.queries.push_back(queries.data + head * shape.head_dim);
      buffers.outputs.push_back(output.data() + head * shape.head_dim);
    }
    GroupInput input;
    input.kv = cache->View(kv_head);
    input.group_size = group_size;
    input.n_q = 1;
    input.scale = scale;
    input.kv_head = kv_head;
    QueryGroup group;
    group.input = &input;
    group.queries = buffers.queries.data();
    group.isa = isa;
    group.buffers = &buffers;
    ThrowUnlessOk(info.Env(), AttendHead(group, lists));
  }
  return ToJs(info.Env(), output);
}

}  // namespace

void RegisterGivenLists(Napi::Env env, Napi::Object kernels) {
  kernels.Set("attendLists", Napi::Function::New<JsAttendLists>(env, "attendLists"));
}

}  // namespace sparsetune::binding
