// Whole chains, composed of the kernels, beside AttendGroup of the CPU: the same keys are chosen
// from the same seed, and the outputs agree.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cuda/attend.h"
#include "cuda/lsh.h"
#include "cuda/sampling.h"
#include "cuda/scores.h"
#include "cuda/selection.h"
#include "cuda/top_k.h"
#include "kernels/sampling/quantile.h"
#include "maskers/chain.h"
#include "maskers/lsh_state.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::ChainConfig;
using sparsetune::DrawDomain;
using sparsetune::Dtype;
using sparsetune::LshParams;
using sparsetune::MaskerConfig;
using sparsetune::MaskerKind;
using sparsetune::testing::Expect;
using sparsetune::testing::Normals;
using sparsetune::testing::Stored;
using sparsetune::testing::Text;
namespace cuda = sparsetune::cuda;

constexpr size_t kHeadDim = 64;
constexpr size_t kGroup = 2;
constexpr size_t kKeys = 600;
constexpr size_t kSink = 4;
constexpr size_t kWindow = 16;
constexpr size_t kLocal = kKeys - kWindow;
constexpr size_t kMiddle = kLocal - kSink;
constexpr size_t kWords = (kKeys + 31) / 32;
constexpr size_t kStride = 32 * kWords;
constexpr uint32_t kLayer = 3;
constexpr uint32_t kKvHead = 2;
constexpr uint64_t kSeed = 11;
constexpr float kScale = 0.125f;

MaskerConfig Masker(MaskerKind kind, double size) {
  MaskerConfig masker;
  masker.kind = kind;
  masker.size = {false, size};
  return masker;
}

ChainConfig ChainOf(const std::vector<MaskerConfig>& more) {
  ChainConfig chain;
  chain.seed = kSeed;
  chain.maskers = {Masker(MaskerKind::kSink, kSink), Masker(MaskerKind::kLocal, kWindow)};
  chain.maskers.insert(chain.maskers.end(), more.begin(), more.end());
  return chain;
}

/// Sets of keys of the group's heads, none in them.
class Sets {
 public:
  explicit Sets(const char* name)
      : words_(kGroup * kWords, name),
        scratch_(cuda::SetScratch(kGroup, kWords), "scratch of a list"),
        indices_(kGroup * kStride, "list"),
        counts_(kGroup, "counts of a list") {
    words_.Set(std::vector<uint32_t>(words_.size()));
  }

  cuda::KeySets sets() { return {words_.data(), kGroup, kWords}; }
  /// One list for `group` heads.
  cuda::KeyLists Lists(size_t group) {
    cuda::ListKeys(sets(), group, scratch_.data(), indices_.data(), kStride, counts_.data(),
                   nullptr);
    return {indices_.data(), counts_.data(), kGroup / group, kStride, nullptr};
  }
  void Add(Sets* other) { cuda::AddKeys(other->Lists(1), kStride, 0, sets(), nullptr); }
  std::vector<uint32_t> words() const { return words_.Get(); }

 private:
  DeviceArray<uint32_t> words_;
  DeviceArray<uint32_t> scratch_;
  DeviceArray<uint32_t> indices_;
  DeviceArray<uint32_t> counts_;
};

/// One KV head and its group, here and there.
class ChainTest {
 public:
  ChainTest()
      : queries_(Normals(kGroup * kHeadDim, 1)),
        keys_(Normals(kKeys * kHeadDim, 2), Dtype::kF16),
        values_(Normals(kKeys * kHeadDim, 3), Dtype::kF16),
        device_queries_(queries_, "queries"),
        device_keys_({keys_.bytes.data(), keys_.bytes.data() + keys_.bytes.size()}, "keys"),
        device_values_({values_.bytes.data(), values_.bytes.data() + values_.bytes.size()},
                       "values"),
        scores_(kGroup * kStride, "scores"),
        weights_(kGroup * kStride, "weights") {}

  cuda::Queries queries() const { return {device_queries_.data(), kGroup}; }
  cuda::KvRows kv() const {
    return {device_keys_.data(), device_values_.data(), Dtype::kF16, kHeadDim, 1, kHeadDim,
            kKeys * kHeadDim};
  }
  float* scores() { return scores_.data(); }
  float* weights() { return weights_.data(); }

  /// The k keys between sink and local with the largest scores.
  void TakeTopK(size_t k, Sets* certain) {
    DeviceArray<uint32_t> indices(kGroup * k, "top_k");
    DeviceArray<uint32_t> has_nan(1, "has_nan");
    has_nan.Set({0});
    cuda::Scores(queries(), kv(), {}, kSink, kMiddle, scores(), kStride, nullptr);
    cuda::TopK({scores(), kGroup, kMiddle, kStride}, k, indices.data(), has_nan.data(), nullptr);
    cuda::AddKeys({indices.data(), nullptr, kGroup, k, nullptr}, k, kSink, certain->sets(),
                  nullptr);
  }

  /// Attends sink, local and the listed keys with `weights`.
  std::vector<float> Attend(cuda::KeyLists lists) {
    constexpr size_t kSplits = 3;
    lists.log_weights = weights();
    DeviceArray<float> max(kGroup * kSplits, "max");
    DeviceArray<float> sum(kGroup * kSplits, "sum");
    DeviceArray<float> partial(kGroup * kSplits * kHeadDim, "partial values");
    DeviceArray<float> output(kGroup * kHeadDim, "output");
    const cuda::AttendPartials partials = {kSplits, max.data(), sum.data(), partial.data()};
    cuda::Attend(queries(), {kv(), lists, {kSink, kLocal, kKeys}}, kScale, partials, nullptr);
    cuda::AttendMerge(partials, kGroup, kHeadDim, output.data(), nullptr, nullptr);
    return output.Get();
  }

  /// Holds the listed keys and the output against the CPU's.
  void Check(const ChainConfig& chain, const std::vector<uint32_t>& words,
             const std::vector<float>& output) const {
    const sparsetune::Isa isa = sparsetune::BestIsa();
    sparsetune::GroupInput input;
    input.kv = {Dtype::kF16, kHeadDim, {keys_.bytes.data(), values_.bytes.data(), kKeys}, {}};
    input.queries = queries_.data();
    input.head_stride = kHeadDim;
    input.query_stride = kHeadDim;
    input.group_size = kGroup;
    input.n_q = 1;
    input.scale = kScale;
    input.layer = kLayer;
    input.kv_head = kKvHead;
    sparsetune::KeyIndex index(chain, kLayer, kHeadDim);
    index.Extend(input.kv, isa);
    std::vector<float> expected(kGroup * kHeadDim);
    sparsetune::GroupStats stats;
    sparsetune::MaskRecord mask;
    sparsetune::Scratch scratch;
    const auto status = sparsetune::AttendGroup(chain, input, &index, isa, &scratch,
                                                expected.data(), kHeadDim, kHeadDim, &stats, &mask);
    Expect(status == sparsetune::Status::kOk, "status of the CPU");
    std::vector<uint32_t> expected_words(words.size());
    for (size_t head = 0; head < kGroup; ++head) {
      for (size_t i = mask.indptr[head]; i < mask.indptr[head + 1]; ++i) {
        const uint32_t key = mask.indices[i];
        if (key < kSink || key >= kLocal) continue;
        expected_words[head * kWords + key / 32] |= 1u << key % 32;
      }
    }
    Expect(words == expected_words, "the keys");
    double worst = 0;
    for (size_t i = 0; i < output.size(); ++i) {
      const double error = std::abs(static_cast<double>(output[i]) - expected[i]);
      worst = error <= worst ? worst : error;
    }
    Expect(worst <= 2e-5, Text("error=", worst));
  }

 private:
  std::vector<float> queries_;
  Stored keys_;
  Stored values_;
  DeviceArray<float> device_queries_;
  DeviceArray<uint8_t> device_keys_;
  DeviceArray<uint8_t> device_values_;
  DeviceArray<float> scores_;
  DeviceArray<float> weights_;
};

void TestTopKChain() {
  ChainTest test;
  Sets certain("certain");
  test.TakeTopK(40, &certain);
  const cuda::KeyLists lists = certain.Lists(kGroup);
  cuda::SpreadWeights(lists, certain.sets(), {}, nullptr, test.weights(), nullptr);
  test.Check(ChainOf({Masker(MaskerKind::kTopK, 40)}), certain.words(), test.Attend(lists));
}

cuda::Draws DrawsOf(DrawDomain domain) {
  return {kSeed, domain, kLayer, kKvHead * kGroup, kKeys - 1};
}

/// top_k, then a first sample, a budget from its scores, and a second sample of that size.
void TestAdaptiveChain() {
  constexpr size_t kHeavy = 30;
  constexpr uint32_t kBase = 40;
  MaskerConfig adaptive = Masker(MaskerKind::kAdaptiveSampling, kBase);
  adaptive.epsilon = 0.2;
  adaptive.delta = 0.2;
  ChainTest test;
  Sets certain("certain");
  test.TakeTopK(kHeavy, &certain);
  Sets base("base");
  Sets drawn("drawn");
  DeviceArray<uint32_t> ranks(kGroup * kWords, "ranks");
  DeviceArray<float> log_weight(kGroup, "log weight");
  cuda::DrawKeys(DrawsOf(DrawDomain::kBaseSample), {nullptr, 0, kBase},
                 {certain.sets(), {}, kSink, kLocal}, base.sets(), ranks.data(), nullptr, nullptr);
  DeviceArray<float> run_scores(kGroup * (kSink + kWindow), "run scores");
  DeviceArray<float> kept_scores(kGroup * kStride, "kept scores");
  constexpr size_t kRun = kSink + kWindow;
  cuda::Scores(test.queries(), test.kv(), {}, 0, kSink, run_scores.data(), kRun, nullptr);
  cuda::Scores(test.queries(), test.kv(), {}, kLocal, kWindow, run_scores.data() + kSink, kRun,
               nullptr);
  const cuda::KeyLists kept = certain.Lists(1);
  cuda::Scores(test.queries(), test.kv(), kept, 0, kStride, kept_scores.data(), kStride, nullptr);
  cuda::Scores(test.queries(), test.kv(), base.Lists(1), 0, kStride, test.scores(), kStride,
               nullptr);
  cuda::AdaptiveInput input;
  input.epsilon = adaptive.epsilon;
  input.quantile = sparsetune::StudentQuantile(1 - adaptive.delta / 2, kBase - 1);
  input.scale = kScale;
  input.run_scores = run_scores.data();
  input.n_run = kRun;
  input.run_stride = kRun;
  input.kept_scores = kept_scores.data();
  input.kept_counts = kept.counts;
  input.kept_stride = kStride;
  input.base_scores = test.scores();
  input.n_base = kBase;
  input.base_stride = kStride;
  input.n_range = kMiddle;
  DeviceArray<uint32_t> budgets(kGroup, "budgets");
  cuda::AdaptiveBudgets(input, kGroup, budgets.data(), nullptr);
  cuda::DrawKeys(DrawsOf(DrawDomain::kAdaptiveSample), {budgets.data(), 0, 0},
                 {certain.sets(), base.sets(), kSink, kLocal}, drawn.sets(), ranks.data(),
                 log_weight.data(), nullptr);
  certain.Add(&base);
  Sets all("all");
  all.Add(&certain);
  all.Add(&drawn);
  const cuda::KeyLists lists = all.Lists(kGroup);
  cuda::SpreadWeights(lists, certain.sets(), drawn.sets(), log_weight.data(), test.weights(),
                      nullptr);
  test.Check(ChainOf({Masker(MaskerKind::kTopK, kHeavy), adaptive}), all.words(),
             test.Attend(lists));
}

void TestMagicPigChain() {
  constexpr LshParams kParams = {12, 4};
  MaskerConfig magic_pig;
  magic_pig.kind = MaskerKind::kMagicPig;
  magic_pig.lsh_l = kParams.lsh_l;
  magic_pig.lsh_k = kParams.lsh_k;
  std::vector<float> panels(sparsetune::LshPanelFloats(kParams, kHeadDim));
  sparsetune::LshPackPlanes(sparsetune::LshPlanes(kSeed, kLayer, kParams, kHeadDim).data(), kParams,
                            kHeadDim, panels.data());
  sparsetune::LshCurve curve;
  sparsetune::MakeLshCurve(kParams, 2, &curve);
  constexpr size_t kBlocks = (kKeys + 63) / 64;
  ChainTest test;
  Sets found("found");
  const DeviceArray<float> device_panels(panels, "panels");
  const DeviceArray<float> parts(
      std::vector<float>(&curve.parts[0][0], &curve.parts[0][0] + 4 * sparsetune::kLshCurveParts),
      "curve");
  DeviceArray<double> partial(kHeadDim, "partial sums");
  DeviceArray<float> mean(kHeadDim, "mean");
  DeviceArray<uint8_t> codes(kBlocks * sparsetune::LshBlockBytes(kParams), "codes");
  DeviceArray<float> norms(64 * kBlocks, "norms");
  DeviceArray<uint16_t> query_codes(kGroup * kParams.lsh_l, "query codes");
  codes.Set(std::vector<uint8_t>(codes.size()));
  cuda::LshMean(test.kv(), kKeys, partial.data(), mean.data(), nullptr);
  const cuda::LshKeyTable table = {codes.data(), kBlocks, norms.data()};
  cuda::LshKeyCodes(test.kv(), 0, kKeys, mean.data(), kParams, device_panels.data(), table,
                    nullptr);
  cuda::LshQueryCodes(test.queries().rows, kGroup, kHeadDim, kParams, device_panels.data(),
                      query_codes.data(), nullptr);
  cuda::LshMatch({kParams, query_codes.data(), 1, kGroup, 2}, table, 0, kKeys, found.sets(),
                 nullptr);
  cuda::KeepBetween(found.sets(), kSink, kLocal, {}, nullptr);
  const cuda::KeyLists lists = found.Lists(kGroup);
  cuda::Scores(test.queries(), test.kv(), lists, 0, kStride, test.weights(), kStride, nullptr);
  const cuda::LshWeighed weighed = {test.queries(), mean.data(),  norms.data(), 64 * kBlocks, 1,
                                    kHeadDim,       parts.data(), lists,        found.sets()};
  cuda::LshLogWeights(weighed, kParams, 2, test.weights(), nullptr);
  test.Check(ChainOf({magic_pig}), found.words(), test.Attend(lists));
}

}  // namespace

void TestChains() {
  TestKernels("sink, local and top_k choose and attend as on the CPU", TestTopKChain);
  TestKernels("adaptive_sampling after top_k chooses and attends as on the CPU", TestAdaptiveChain);
  TestKernels("magic_pig chooses and attends as on the CPU", TestMagicPigChain);
}

}  // namespace simt
