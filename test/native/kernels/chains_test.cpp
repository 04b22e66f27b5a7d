#include <cmath>
#include <memory>

#include "inputs.h"
#include "maskers/attend_selection.h"
#include "maskers/dense.h"
#include "maskers/kv_cache.h"
#include "memory.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

constexpr size_t kQHeads = 6;
constexpr size_t kKvHeads = 2;
constexpr size_t kHeadDim = 20;
constexpr size_t kQueries = 3;
constexpr size_t kKeys = 300;
constexpr float kScale = 0.25f;

/// Keys, values and queries of a call; keys have a mean, as those of models do.
struct Context {
  explicit Context(Dtype dtype)
      : keys(Normals(kKvHeads * kKeys * kHeadDim, 1)),
        values(Normals(kKvHeads * kKeys * kHeadDim, 2)),
        queries(Normals(kQHeads * kQueries * kHeadDim, 3)),
        cache({kKvHeads, kHeadDim, dtype, kKeys}) {
    for (size_t i = 0; i < keys.size(); i += kHeadDim) keys[i] += 1.5f;
    keys = Stored(keys, dtype).values;
    values = Stored(values, dtype).values;
    Expect(cache.Append(keys.data(), values.data(), kKeys) == Status::kOk, "append");
  }

  std::vector<float> keys;
  std::vector<float> values;
  std::vector<float> queries;
  KvCache cache;
};

/// Softmax over the keys of one row of the mask, each weighed by 1 / its probability.
std::vector<double> Reference(const Context& context, const MaskRecord& mask, size_t row) {
  const size_t kv_head = row / kQueries / (kQHeads / kKvHeads);
  const float* query = context.queries.data() + row * kHeadDim;
  std::vector<double> output(kHeadDim);
  double sum = 0;
  for (uint64_t at = mask.indptr[row]; at < mask.indptr[row + 1]; ++at) {
    const size_t key = (kv_head * kKeys + mask.indices[at]) * kHeadDim;
    const double score = kScale * Dot(query, context.keys.data() + key, kHeadDim);
    const double weight = std::exp(score) / mask.probs[at];
    sum += weight;
    for (size_t i = 0; i < kHeadDim; ++i) output[i] += weight * context.values[key + i];
  }
  for (double& x : output) x /= sum;
  return output;
}

ForwardInput InputOf(const ChainConfig& chain, Isa isa, const Context& context) {
  ForwardInput input;
  input.chain = chain;
  input.queries = context.queries.data();
  input.n_q_heads = kQHeads;
  input.n_q = kQueries;
  input.scale = kScale;
  input.isa = isa;
  input.wants_mask = true;
  return input;
}

ForwardOutput Run(const ChainConfig& chain, Isa isa, Context* context) {
  ForwardOutput output;
  const ForwardInput input = InputOf(chain, isa, *context);
  Expect(context->cache.Forward(input, &output) == Status::kOk, "status");
  return output;
}

void Check(const ChainConfig& chain, Dtype dtype, Isa isa) {
  Context context(dtype);
  const ForwardOutput output = Run(chain, isa, &context);
  Context other(dtype);
  const ForwardOutput scalar = Run(chain, Isa::kScalar, &other);
  Expect(output.mask.indices == scalar.mask.indices, "keys differ from those of scalar");
  if (output.mask.indptr.size() != kQHeads * kQueries + 1) return Expect(false, "rows of the mask");
  double worst = 0;
  for (size_t row = 0; row < kQHeads * kQueries; ++row) {
    const std::vector<double> expected = Reference(context, output.mask, row);
    for (size_t i = 0; i < kHeadDim; ++i) {
      const double error = std::abs(output.output[row * kHeadDim + i] - expected[i]);
      worst = error <= worst ? worst : error;
    }
  }
  Expect(worst <= 2e-5, Text(DtypeName(dtype), " error=", worst));
}

MaskerConfig Masker(MaskerKind kind, double size = 0) {
  MaskerConfig masker;
  masker.kind = kind;
  masker.size.value = size;
  return masker;
}

MaskerConfig MagicPig(uint32_t lsh_l, uint32_t lsh_k, uint32_t min_matches) {
  MaskerConfig masker = Masker(MaskerKind::kMagicPig);
  masker.lsh_l = lsh_l;
  masker.lsh_k = lsh_k;
  masker.min_matches = min_matches;
  return masker;
}

HashLayer DenseLayer(size_t n_in, size_t n_out, uint32_t seed) {
  return {n_in, n_out, Normals(kKvHeads * n_out * n_in, seed), Normals(kKvHeads * n_out, seed + 1)};
}

MaskerConfig HashTopK() {
  auto weights = std::make_shared<HashWeights>();
  weights->layers = {{kKvHeads,
                      {DenseLayer(kHeadDim, 24, 11), DenseLayer(24, 70, 13)},
                      {DenseLayer(kHeadDim, 24, 15), DenseLayer(24, 70, 17)}}};
  MaskerConfig masker = Masker(MaskerKind::kHashTopK, 20);
  masker.hash = weights;
  return masker;
}

MaskerConfig DoubleSparsity(size_t n_heads) {
  auto lists = std::make_shared<ChannelLists>();
  lists->layers.resize(1);
  lists->layers[0].n_heads = n_heads;
  for (uint32_t i = 0; i < n_heads * kHeadDim; ++i) {
    lists->layers[0].order.push_back(i * 7 % kHeadDim);
  }
  MaskerConfig masker = Masker(MaskerKind::kDoubleSparsity, 20);
  masker.channels = lists;
  masker.group_factor = 4;
  return masker;
}

MaskerConfig Quest() {
  MaskerConfig masker = Masker(MaskerKind::kQuest, 48);
  masker.page_size = 8;
  return masker;
}

MaskerConfig Sampling(MaskerKind kind) {
  MaskerConfig masker = Masker(kind, 20);
  masker.sampling_rate = 0.2;
  masker.epsilon = 0.2;
  masker.delta = 0.3;
  return masker;
}

MaskerConfig TopPOf(double share) {
  MaskerConfig masker = Masker(MaskerKind::kTopP);
  masker.top_p = share;
  return masker;
}

struct NamedChain {
  const char* name;
  std::vector<MaskerConfig> maskers;
};

std::vector<NamedChain> Chains() {
  const MaskerConfig sink = Masker(MaskerKind::kSink, 5);
  const MaskerConfig local = Masker(MaskerKind::kLocal, 9);
  const MaskerConfig top_k = Masker(MaskerKind::kTopK, 11);
  MaskerConfig int8_top_k = top_k;
  int8_top_k.score_dtype = ScoreDtype::kInt8;
  return {{"dense", {}},
          {"sink, local, top_k", {sink, local, top_k}},
          {"top_k by an int8 copy", {sink, int8_top_k}},
          {"top_p", {TopPOf(0.6)}},
          {"quest", {sink, Quest()}},
          {"double_sparsity", {DoubleSparsity(kKvHeads)}},
          {"double_sparsity by query head", {DoubleSparsity(kQHeads)}},
          {"hash_top_k", {local, HashTopK()}},
          {"random_sampling", {sink, Sampling(MaskerKind::kRandomSampling)}},
          {"adaptive_sampling", {top_k, Sampling(MaskerKind::kAdaptiveSampling)}},
          {"magic_pig", {sink, local, MagicPig(40, 4, 2)}},
          {"magic_pig of wide codes", {MagicPig(200, 9, 1)}}};
}

/// Runs out of memory at each allocation in turn: a later call is as if that had not been.
void CheckLowMemory(const ChainConfig& chain, Isa isa) {
  Context clean(Dtype::kF32);
  const ForwardOutput expected = Run(chain, isa, &clean);
  for (size_t n = 0;; ++n) {
    Context context(Dtype::kF32);
    const ForwardInput input = InputOf(chain, isa, context);
    ForwardOutput first;
    Status status = Status::kOk;
    {
      const FailingNew failing(n);
      status = context.cache.Forward(input, &first);
    }
    if (!FailingNew::HasFailed()) return Expect(n > 3, "nothing was allocated");
    Expect(status == Status::kOutOfMemory, Text("status at allocation ", n));
    const ForwardOutput second = Run(chain, isa, &context);
    const bool is_same = second.mask.indices == expected.mask.indices &&
                         second.output == expected.output &&
                         second.stats.bytes_read == expected.stats.bytes_read;
    if (!is_same) return Expect(false, Text("another result after allocation ", n));
  }
}

/// Listed keys without weights, the first `n_base` keys being in base and the others in tail.
std::vector<float> AttendListed(const Context& context, size_t n_base, Isa isa) {
  const std::vector<uint32_t> keys = {0, 5, 99, 100, 101, 250, kKeys - 1};
  GroupInput input;
  input.kv = context.cache.View(1);
  const size_t offset = n_base * kHeadDim * DtypeBytes(input.kv.dtype);
  input.kv.tail = {static_cast<const char*>(input.kv.base.keys) + offset,
                   static_cast<const char*>(input.kv.base.values) + offset, kKeys - n_base};
  input.kv.base.n_kv = n_base;
  const float* query = context.queries.data();
  Scratch scratch;
  QueryGroup group;
  group.input = &input;
  group.queries = &query;
  group.isa = isa;
  group.buffers = &scratch.buffers();
  AttendState state = BeginState(1, kHeadDim, group.buffers);
  const Status status =
      AttendList({&query, 1, kHeadDim, kScale}, group, {keys.data(), keys.size()}, &state);
  Expect(status == Status::kOk, Text("status of base ", n_base));
  std::vector<float> output(kHeadDim);
  float* row = output.data();
  AttendEnd(state, 1, kHeadDim, &row);
  return output;
}

void CheckListed(Dtype dtype, Isa isa) {
  const Context context(dtype);
  const std::vector<float> expected = AttendListed(context, kKeys, isa);
  for (const size_t n_base : {size_t{0}, size_t{100}, size_t{101}, kKeys - 1}) {
    const std::vector<float> actual = AttendListed(context, n_base, isa);
    for (size_t i = 0; i < kHeadDim; ++i) {
      const bool is_near = std::abs(actual[i] - expected[i]) <= 2e-5f;
      if (!is_near) return Expect(false, Text(DtypeName(dtype), " base ", n_base, " at ", i));
    }
  }
}

/// Planes of LSH belong to a seed: those of many seeds must not pile up.
void CheckSeeds() {
  ChainConfig chain;
  chain.maskers = {MagicPig(8, 4, 2)};
  const auto run = [&](uint64_t first) {
    for (chain.seed = first; chain.seed < first + 50; ++chain.seed) {
      Context context(Dtype::kF32);
      Run(chain, Isa::kScalar, &context);
    }
  };
  run(1);
  const size_t before = LiveBytes();
  run(100);
  Expect(LiveBytes() < before + 20'000, Text("grew by ", LiveBytes() - before, " bytes"));
}

}  // namespace

void TestChainMemory() {
  Test("LSH planes go with the indexes that use them", CheckSeeds);
  for (const NamedChain& named : Chains()) {
    Test(Text("a chain of ", named.name, " that ran out of memory can be run again"), [&] {
      ChainConfig chain;
      chain.maskers = named.maskers;
      chain.seed = 5;
      CheckLowMemory(chain, Isa::kScalar);
    });
  }
}

void TestChains(Isa isa) {
  Test(Text("listed keys on ", IsaName(isa), " may lie on both sides of the end of the base"), [&] {
    for (const Dtype dtype : kDtypes) CheckListed(dtype, isa);
  });
  for (const NamedChain& named : Chains()) {
    Test(Text("a chain of ", named.name, " on ", IsaName(isa), " attends what scalar chooses"),
         [&] {
           ChainConfig chain;
           chain.maskers = named.maskers;
           chain.seed = 5;
           for (const Share share : {Share::kGroup, Share::kHead}) {
             chain.share = share;
             for (const Dtype dtype : kDtypes) Check(chain, dtype, isa);
           }
         });
  }
}

}  // namespace sparsetune::testing
