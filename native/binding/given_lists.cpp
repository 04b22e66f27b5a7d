#include <algorithm>
#include <limits>
#include <vector>

#include "binding/args.h"
#include "binding/arrays.h"
#include "binding/kv_cache.h"
#include "core/bits.h"
#include "kernels/attend/attend.h"

// Attention over lists of keys that the caller chose, for tests and benchmarks: what a chain does
// after its maskers have chosen.

namespace sparsetune::binding {
namespace {

struct Lists {
  const uint32_t* indices = nullptr;  ///< [n_lists, n] ascending
  size_t n = 0;
  bool is_per_head = false;
};

/// Memory that calls reuse, as a chain reuses its scratch.
struct Room {
  std::vector<const float*> queries;
  std::vector<float*> outputs;
  std::vector<uint64_t> bits;
  std::vector<uint32_t> kept;
  std::vector<float> log_weights;
  std::vector<float> max;
  std::vector<float> sum;
  std::vector<float> values;
};

/// The keys that any of the lists has into room->kept, and per list -infinity where it lacks one.
void Unite(const Lists& lists, size_t first_list, size_t n_lists, size_t n_kv, Room* room) {
  const uint32_t* begin = lists.indices + first_list * lists.n;
  room->bits.assign((n_kv + 63) / 64, 0);
  for (const uint32_t* key = begin; key != begin + n_lists * lists.n; ++key) {
    room->bits[*key / 64] |= uint64_t{1} << *key % 64;
  }
  room->kept.clear();
  ForEachBit(room->bits.data(), room->bits.size(),
             [&](size_t key) { room->kept.push_back(static_cast<uint32_t>(key)); });
  const size_t n = room->kept.size();
  room->log_weights.assign(n_lists * n, -std::numeric_limits<float>::infinity());
  for (size_t g = 0; g < n_lists; ++g) {
    const uint32_t* list = begin + g * lists.n;
    size_t at = 0;
    for (size_t i = 0; i < lists.n; ++i) {
      while (room->kept[at] != list[i]) ++at;
      room->log_weights[g * n + at] = 0;
    }
  }
}

/// One KV head; room->queries and room->outputs are those of its group.
Status AttendHead(const KvView& kv, const Lists& lists, size_t kv_head, float scale, Isa isa,
                  Room* room) {
  const size_t group_size = room->queries.size();
  AttendRows rows;
  rows.keys = kv.base.keys;
  rows.values = kv.base.values;
  rows.dtype = kv.dtype;
  if (lists.is_per_head) {
    Unite(lists, kv_head * group_size, group_size, kv.n_kv(), room);
    rows.indices = room->kept.data();
    rows.n = room->kept.size();
    rows.log_weights = room->log_weights.data();
    rows.weight_stride = rows.n;
  } else {
    rows.indices = lists.indices + kv_head * lists.n;
    rows.n = lists.n;
  }
  room->max.resize(group_size);
  room->sum.resize(group_size);
  room->values.resize(group_size * kv.head_dim);
  AttendState state = {room->max.data(), room->sum.data(), room->values.data()};
  AttendBegin(group_size, kv.head_dim, &state);
  const Status status =
      AttendAdd({room->queries.data(), group_size, kv.head_dim, scale}, rows, isa, &state);
  AttendEnd(state, group_size, kv.head_dim, room->outputs.data());
  return status;
}

/// { cache, queries, lists, n, isPerHead, scale, isa } -> [nQHeads, headDim]
Napi::Value JsAttendLists(const Napi::CallbackInfo& info) {
  static Room room;
  const auto args = info[0].As<Napi::Object>();
  const auto& cache = ReadCache(args.Get("cache"));
  const auto& shape = cache->shape();
  const auto queries = ReadFloats(args.Get("queries"));
  const auto indices = ReadUint32s(args.Get("lists"));
  const Lists lists = {indices.data, ReadSize(args, "n"), args.Get("isPerHead").ToBoolean()};
  const size_t n_q_heads = queries.length / shape.head_dim;
  const size_t n_lists = lists.is_per_head ? n_q_heads : shape.n_kv_heads;
  const bool are_keys = std::all_of(indices.data, indices.data + indices.length,
                                    [&](uint32_t key) { return key < cache->n_kv(); });
  if (n_q_heads % shape.n_kv_heads != 0 || indices.length != n_lists * lists.n || !are_keys) {
    ThrowRange(info.Env(), "ERR_SHAPE", "Expected lists of keys, one for each head");
  }
  const Isa isa = ReadIsa(args.Get("isa"));
  const float scale = args.Get("scale").ToNumber().FloatValue();
  const size_t group_size = n_q_heads / shape.n_kv_heads;
  std::vector<float> output(queries.length);
  for (size_t kv_head = 0; kv_head < shape.n_kv_heads; ++kv_head) {
    room.queries.clear();
    room.outputs.clear();
    for (size_t head = kv_head * group_size; head < (kv_head + 1) * group_size; ++head) {
      room.queries.push_back(queries.data + head * shape.head_dim);
      room.outputs.push_back(output.data() + head * shape.head_dim);
    }
    ThrowUnlessOk(info.Env(),
                  AttendHead(cache->View(kv_head), lists, kv_head, scale, isa, &room));
  }
  return ToJs(info.Env(), output);
}

}  // namespace

void RegisterGivenLists(Napi::Env env, Napi::Object kernels) {
  kernels.Set("attendLists", Napi::Function::New<JsAttendLists>(env, "attendLists"));
}

}  // namespace sparsetune::binding
