// Whole chains on the device cache that ships, beside the cache of the CPU: the same keys are
// chosen from the same seed, and outputs and statistics agree.
#include <string>
#include <utility>
#include <vector>

#include "device/kv_cache.h"
#include "maskers/kv_cache.h"
#include "maskers/masker_kind.h"
#include "native/kernels/inputs.h"
#include "simt/chain_cases.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Dtype;
using sparsetune::ForwardOutput;
using sparsetune::LayerCache;
using sparsetune::MaskerConfig;
using sparsetune::MaskerKind;
using sparsetune::Status;
using sparsetune::testing::Expect;
using sparsetune::testing::Text;

const MaskerConfig kSink = Masker(MaskerKind::kSink, 5);
const MaskerConfig kLocal = Masker(MaskerKind::kLocal, 0.06, true);

std::vector<ChainCase> Cases() {
  const auto top_k = Masker(MaskerKind::kTopK, 30);
  const auto quest = Masker(MaskerKind::kQuest, 64);
  const auto random = Masker(MaskerKind::kRandomSampling, 1);
  const auto adaptive = Masker(MaskerKind::kAdaptiveSampling, 0.1, true);
  const auto magic_pig = Masker(MaskerKind::kMagicPig, 1);
  auto uncentred = magic_pig;
  uncentred.center = false;
  uncentred.min_matches = 1;
  uncentred.lsh_k = 10;
  auto strict = magic_pig;
  strict.lsh_l = 2;
  strict.lsh_k = 16;
  return {
      {"no masker", {}},
      {"sink and local", {kSink, kLocal}},
      {"top_k alone", {top_k}},
      {"top_k of more keys than there are", {kSink, Masker(MaskerKind::kTopK, 1000)}},
      {"sink, local and top_k", {kSink, kLocal, top_k}},
      {"top_k before sink and local", {top_k, Masker(MaskerKind::kSink, 70), kLocal}},
      {"top_k with int8 scores", {kSink, kLocal, Int8TopK(40)}},
      {"top_k with int8 scores, few keys", {Masker(MaskerKind::kSink, 65), Int8TopK(3)}},
      {"quest", {kSink, kLocal, quest}},
      {"quest alone", {quest}},
      {"random_sampling", {kSink, kLocal, random}},
      {"random_sampling alone", {random}},
      {"top_k and random_sampling", {kSink, top_k, random}},
      {"quest and random_sampling", {quest, random, kSink}},
      {"adaptive_sampling", {kSink, kLocal, adaptive}},
      {"top_k and adaptive_sampling", {kSink, kLocal, top_k, adaptive}},
      {"top_k, sink and adaptive_sampling",
       {top_k, Masker(MaskerKind::kSink, 70), Masker(MaskerKind::kAdaptiveSampling, 20)}},
      {"quest and adaptive_sampling", {kSink, quest, Masker(MaskerKind::kAdaptiveSampling, 20)}},
      {"magic_pig", {kSink, kLocal, magic_pig}},
      {"magic_pig alone, not centred", {uncentred}},
      {"magic_pig that finds no key", {strict}},
      {"top_k and magic_pig", {kSink, kLocal, top_k, magic_pig}},
  };
}

std::vector<ChainCase> LearnedCases() {
  const auto random = Masker(MaskerKind::kRandomSampling, 1);
  const auto adaptive = Masker(MaskerKind::kAdaptiveSampling, 0.1, true);
  const auto of_group = HashTopK(30, 2, 64);
  const auto of_head = HashTopK(30, 4, 64, 40, 32);
  const auto labels = DoubleSparsity(30, 2, 64);
  const auto labels_of_head = DoubleSparsity(30, 4, 64, 9);
  return {
      {"hash_top_k of networks of KV heads", {kSink, kLocal, of_group}},
      {"hash_top_k of networks of query heads", {of_head}},
      {"hash_top_k of more keys than there are", {kSink, HashTopK(1000, 2, 64)}},
      {"hash_top_k and adaptive_sampling", {kSink, kLocal, of_group, adaptive}},
      {"double_sparsity by KV head", {kSink, kLocal, labels}},
      {"double_sparsity by query head", {labels_of_head}},
      {"double_sparsity of more keys than there are", {kSink, DoubleSparsity(1000, 2, 64)}},
      {"double_sparsity and adaptive_sampling", {kSink, labels_of_head, adaptive}},
      {"double_sparsity and random_sampling", {labels, kLocal, random}},
  };
}

std::vector<ChainCase> TopPCases() {
  const auto top_p = TopP(0.7);
  const auto magic_pig = Masker(MaskerKind::kMagicPig, 1);
  return {
      {"top_p", {kSink, kLocal, top_p}},
      {"top_p alone", {top_p}},
      {"top_p of the largest key", {TopP(0)}},
      {"top_p of all keys", {kSink, TopP(1)}},
      {"top_p of nearly all keys",
       {kSink, kLocal, TopP(0.9999), Masker(MaskerKind::kRandomSampling, 1)}},
      {"top_p and adaptive_sampling", {kSink, top_p, Masker(MaskerKind::kAdaptiveSampling, 20)}},
      {"top_p, sink and magic_pig", {top_p, Masker(MaskerKind::kSink, 70), magic_pig}},
  };
}

struct HeadsAndKeys {
  size_t n_kv_heads;
  size_t head_dim;
  Dtype dtype;
  size_t group_size;
  size_t n_keys;
};

ChainCase At(const HeadsAndKeys& shape, const std::vector<MaskerConfig>& maskers) {
  return ChainCase{"",
                   maskers,
                   {shape.n_kv_heads, shape.head_dim, shape.dtype, shape.n_keys},
                   shape.group_size,
                   shape.n_keys};
}

constexpr auto kF32 = Dtype::kF32;
constexpr auto kF16 = Dtype::kF16;
constexpr auto kBf16 = Dtype::kBf16;

/// Other head dimensions, groups, types and numbers of keys, each with each other somewhere; few
/// keys, so that maskers meet no key, one, and as many as they want.
std::vector<ChainCase> Shapes() {
  const auto top_k = Masker(MaskerKind::kTopK, 8);
  const auto quest = Masker(MaskerKind::kQuest, 32);
  const auto random = Masker(MaskerKind::kRandomSampling, 1);
  const auto adaptive = Masker(MaskerKind::kAdaptiveSampling, 16);
  const auto magic_pig = Masker(MaskerKind::kMagicPig, 1);
  const auto sink = Masker(MaskerKind::kSink, 1);
  return {
      At({1, 128, kF32, 1, 65}, {sink, top_k}),
      At({1, 80, kBf16, 3, 130}, {kLocal, magic_pig}),
      At({2, 64, kBf16, 4, 33}, {sink, top_k, random}),
      At({1, 96, kF16, 5, 64}, {sink, kLocal, Int8TopK(8)}),
      At({1, 256, kBf16, 7, 32}, {sink, quest}),
      At({1, 128, kF16, 8, 97}, {kLocal, top_k, adaptive}),
      At({1, 96, kBf16, 6, 63}, {sink, magic_pig}),
      At({1, 256, kF16, 2, 129}, {top_k, magic_pig}),
      At({1, 80, kF16, 1, 95}, {quest, adaptive}),
      At({1, 128, kBf16, 3, 31}, {sink, Int8TopK(7)}),
      At({1, 64, kF32, 8, 34}, {random}),
      At({3, 96, kF32, 2, 40}, {quest}),
      At({2, 256, kF32, 1, 66}, {sink, adaptive}),
      At({1, 80, kF32, 4, 67}, {sink, Int8TopK(9), magic_pig}),
      At({1, 64, kF16, 7, 2}, {top_k}),
      At({2, 128, kBf16, 6, 2}, {sink, quest}),
      At({1, 96, kF16, 4, 2}, {magic_pig}),
      At({1, 256, kF16, 3, 3}, {sink, kLocal, adaptive}),
      At({1, 80, kBf16, 5, 2}, {random}),
      At({2, 64, kF16, 5, 9}, {Int8TopK(8), random}),
  };
}

/// The same of maskers that learned, and of top_p.
std::vector<ChainCase> LearnedShapes() {
  const auto random = Masker(MaskerKind::kRandomSampling, 1);
  const auto adaptive = Masker(MaskerKind::kAdaptiveSampling, 16);
  const auto magic_pig = Masker(MaskerKind::kMagicPig, 1);
  const auto sink = Masker(MaskerKind::kSink, 1);
  return {
      At({1, 80, kBf16, 8, 65}, {sink, HashTopK(8, 8, 80, 16, 40)}),
      At({2, 96, kF16, 3, 64}, {HashTopK(8, 2, 96, 16, 128)}),
      At({1, 128, kF32, 5, 34}, {sink, HashTopK(8, 1, 128, 16, 65), random}),
      At({3, 256, kBf16, 1, 130}, {HashTopK(8, 3, 256, 20, 64)}),
      At({1, 64, kF16, 6, 2}, {HashTopK(1, 6, 64, 8, 8)}),
      At({1, 80, kF16, 7, 65}, {sink, DoubleSparsity(8, 7, 80)}),
      At({2, 96, kBf16, 4, 63}, {DoubleSparsity(8, 2, 96, 10)}),
      At({1, 128, kBf16, 2, 130}, {sink, DoubleSparsity(8, 2, 128), adaptive}),
      At({3, 256, kF32, 1, 33}, {DoubleSparsity(8, 3, 256, 1000)}),
      At({1, 64, kF32, 8, 2}, {DoubleSparsity(1, 1, 64, 1)}),
      At({1, 80, kF32, 6, 129}, {sink, TopP(0.5)}),
      At({1, 96, kF32, 8, 65}, {TopP(0.9), magic_pig}),
      At({1, 128, kF16, 4, 32}, {sink, TopP(0.3), random}),
      At({1, 256, kBf16, 5, 97}, {kLocal, TopP(0.95)}),
      At({1, 64, kBf16, 2, 2}, {TopP(0.5)}),
      At({1, 256, kF16, 1, 260}, {TopP(0.995), adaptive}),
  };
}

void TestCase(const ChainCase& chain_case) {
  const ChainInputs inputs(chain_case);
  sparsetune::KvCache cpu(inputs.shape);
  const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
  for (LayerCache* one : {static_cast<LayerCache*>(&cpu), cache.get()}) {
    Expect(inputs.AppendTo(one, 0, chain_case.n_keys) == Status::kOk, "append");
  }
  ExpectSame(Run(cache.get(), inputs.forward), Run(&cpu, inputs.forward));
}

/// Calls between appends: what is remembered of the keys grows with them.
void TestGrowth(const ChainCase& chain_case) {
  const ChainInputs inputs(chain_case);
  sparsetune::KvCache cpu(inputs.shape);
  const auto blocks = sparsetune::device::MakeKvCache(inputs.shape);
  const auto single = sparsetune::device::MakeKvCache(inputs.shape);
  for (const auto& [begin, end] : {std::pair<size_t, size_t>{0, 50}, {50, 85}, {85, 200}}) {
    Expect(inputs.AppendTo(&cpu, begin, end) == Status::kOk, "append, CPU");
    Expect(inputs.AppendTo(blocks.get(), begin, end) == Status::kOk, "append a block");
    for (size_t key = begin; key < end; ++key) {
      Expect(inputs.AppendTo(single.get(), key, key + 1) == Status::kOk, "append a key");
    }
    const ForwardOutput expected = Run(&cpu, inputs.forward);
    const ForwardOutput found = Run(blocks.get(), inputs.forward);
    ExpectSame(found, expected);
    const ForwardOutput again = Run(single.get(), inputs.forward);
    ExpectSame(again, expected);
    Expect(again.output == found.output, "appended one by one");
  }
}

/// Enough keys for buckets. Other keys are in them than on the CPU, so that other bytes are read.
void TestBuckets() {
  auto magic_pig = Masker(MaskerKind::kMagicPig, 1);
  magic_pig.lsh_l = 6;
  magic_pig.lsh_k = 10;
  magic_pig.min_matches = 1;
  const ChainCase chain_case = {
      "", {kSink, Masker(MaskerKind::kLocal, 16), magic_pig}, {1, 64, Dtype::kF16, 1500}, 2, 1500};
  const ChainInputs inputs(chain_case);
  sparsetune::KvCache cpu(inputs.shape);
  const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
  uint64_t before = 0;
  for (const auto& [begin, end] :
       {std::pair<size_t, size_t>{0, 1000}, {1000, 1100}, {1100, 1500}}) {
    Expect(inputs.AppendTo(&cpu, begin, end) == Status::kOk, "append, CPU");
    Expect(inputs.AppendTo(cache.get(), begin, end) == Status::kOk, "append");
    const ForwardOutput expected = Run(&cpu, inputs.forward);
    ForwardOutput found = Run(cache.get(), inputs.forward);
    const uint64_t bytes = found.stats.bytes_read;
    Expect(before == 0 || bytes < before, "fewer bytes than a scan of fewer keys");
    if (before == 0) before = bytes;
    found.stats.bytes_read = expected.stats.bytes_read;
    ExpectSame(found, expected);
    Expect(found.stats.attended > 4 * 21 + 4, "keys are found");
  }
}

std::string Title(const char* what, const ChainCase& chain_case) {
  return std::string(what) + chain_case.title;
}

void TestShape(const ChainCase& chain_case) {
  const auto& shape = chain_case.shape;
  const MaskerConfig& last = chain_case.maskers.back();
  TestKernels(
      Text("the device chooses and attends as the CPU: ", sparsetune::MaskerName(last.kind), " on ",
           shape.n_kv_heads, " x ", chain_case.group_size, " heads of ", shape.head_dim, " and ",
           chain_case.n_keys, " keys, dtype ", sparsetune::testing::DtypeName(shape.dtype)),
      [&] { TestCase(chain_case); });
}

}  // namespace

void TestChains() {
  for (const auto& cases : {Cases(), LearnedCases(), TopPCases()}) {
    for (const ChainCase& chain_case : cases) {
      TestKernels(Title("the device chooses and attends as the CPU: ", chain_case),
                  [&] { TestCase(chain_case); });
    }
  }
  for (const auto& cases : {Shapes(), LearnedShapes()}) {
    for (const ChainCase& chain_case : cases) TestShape(chain_case);
  }
  sparsetune::testing::Test("the device looks up buckets once there are enough keys", [] {
    TestBuckets();
    ExpectNoFaults();
  });
  for (const ChainCase& chain_case :
       {ChainCase{"quest and random_sampling",
                  {Masker(MaskerKind::kQuest, 32), Masker(MaskerKind::kRandomSampling, 1)}},
        ChainCase{"top_k with int8 scores and magic_pig",
                  {kSink, Int8TopK(20), Masker(MaskerKind::kMagicPig, 1)}},
        ChainCase{"hash_top_k", {kSink, HashTopK(20, 2, 64, 8, 16)}},
        ChainCase{"double_sparsity", {kSink, DoubleSparsity(20, 2, 64)}}}) {
    TestKernels(Title("a device cache grows between calls: ", chain_case),
                [&] { TestGrowth(chain_case); });
  }
}

}  // namespace simt
