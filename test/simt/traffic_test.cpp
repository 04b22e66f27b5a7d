// How the kernels use memory: budgets that a change for the worse breaks. Sectors are those of 32
// bytes that warps ask for, wavefronts the passes over the banks of shared memory; both against the
// fewest that would do.
#include "simt/traffic.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "cuda/attend.h"
#include "cuda/learned.h"
#include "cuda/lsh.h"
#include "cuda/scores.h"
#include "cuda/selection.h"
#include "cuda/top_k.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/scheduler.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Dtype;
using sparsetune::testing::Expect;
using sparsetune::testing::Normals;
using sparsetune::testing::Test;
using sparsetune::testing::Text;
namespace cuda = sparsetune::cuda;

constexpr size_t kHeadDim = 128;
constexpr size_t kGroup = 4;
/// So few that queries and partial results count: with more keys the ratios come nearer to 1.
constexpr size_t kKeys = 512;

Traffic Measure(const std::function<void()>& run) {
  TakeTraffic();
  GetOptions().measures = true;
  run();
  GetOptions().measures = false;
  return TakeTraffic();
}

/// What a kernel may ask for.
struct Budget {
  double sectors;     ///< per ideal one
  double wavefronts;  ///< per ideal one
  double read_bytes;  ///< of lanes, per byte that must be read
};

void CheckBudget(const Traffic& traffic, double needed_bytes, const Budget& budget) {
  const auto ratio = [](uint64_t a, uint64_t b) {
    return b == 0 ? 1.0 : static_cast<double>(a) / static_cast<double>(b);
  };
  const double sectors = ratio(traffic.sectors, traffic.ideal_sectors);
  const double wavefronts = ratio(traffic.wavefronts, traffic.ideal_wavefronts);
  const double read = static_cast<double>(traffic.sectors) * 32 / needed_bytes;
  const std::string found = Text(sectors, " sectors and ", wavefronts,
                                 " wavefronts per ideal one, ", read, " times the bytes needed");
  Expect(sectors <= budget.sectors && wavefronts <= budget.wavefronts && read <= budget.read_bytes,
         found);
  // A budget that is far too large would let a change for the worse pass.
  Expect(sectors >= 0.9 * budget.sectors && wavefronts >= 0.9 * budget.wavefronts &&
             read >= 0.9 * budget.read_bytes,
         found + ": lower the budget");
}

/// One KV head with a group of four, in f16.
struct Layer {
  Layer()
      : queries(Normals(kGroup * kHeadDim, 1), "queries"),
        keys(std::vector<uint16_t>(kKeys * kHeadDim, 0x3c00), "keys"),
        values(std::vector<uint16_t>(kKeys * kHeadDim, 0x3c00), "values"),
        partials(kGroup * kSplits * (kHeadDim + 2), "partials") {}

  static constexpr size_t kSplits = 2;

  cuda::KvRows kv() const {
    return {keys.data(), values.data(), Dtype::kF16, kHeadDim, 1, kHeadDim, kKeys * kHeadDim};
  }
  cuda::Queries group() const { return {queries.data(), kGroup}; }
  cuda::AttendPartials splits() {
    float* memory = partials.data();
    return {kSplits, memory, memory + kGroup * kSplits, memory + 2 * kGroup * kSplits};
  }

  DeviceArray<float> queries;
  DeviceArray<uint16_t> keys;
  DeviceArray<uint16_t> values;
  DeviceArray<float> partials;
};

void TestAttention() {
  Test("dense attention reads each key and value once for its group, in whole sectors", [] {
    Layer layer;
    const Traffic traffic = Measure([&] {
      cuda::Attend(layer.group(), {layer.kv(), {}, {0, 0, kKeys}}, 1, layer.splits(), nullptr);
    });
    CheckBudget(traffic, 2.0 * kKeys * kHeadDim * 2, {1.06, 1.12, 1.15});
    ExpectNoFaults();
  });
  Test("listed attention reads each listed row once for its group, in whole sectors", [] {
    Layer layer;
    constexpr size_t kListed = 512;
    std::vector<uint32_t> list(kListed);
    std::iota(list.begin(), list.end(), 0u);
    const DeviceArray<uint32_t> indices(list, "list");
    const DeviceArray<uint32_t> counts(std::vector<uint32_t>{kListed}, "counts");
    const DeviceArray<float> weights(std::vector<float>(kGroup * kListed), "weights");
    const cuda::KeyLists lists = {indices.data(), counts.data(), 1, kListed, weights.data()};
    const Traffic traffic = Measure([&] {
      cuda::Attend(layer.group(), {layer.kv(), lists, {0, kKeys, kKeys}}, 1, layer.splits(),
                   nullptr);
    });
    CheckBudget(traffic, kListed * (2.0 * kHeadDim * 2 + 4 + 4 * kGroup), {1.06, 1.12, 1.17});
    ExpectNoFaults();
  });
}

void TestScoring() {
  Test("scores read each key once for its group, in whole sectors", [] {
    const Layer layer;
    DeviceArray<float> scores(kGroup * kKeys, "scores");
    const Traffic traffic = Measure([&] {
      cuda::Scores(layer.group(), layer.kv(), {}, 0, kKeys, scores.data(), kKeys, nullptr);
    });
    CheckBudget(traffic, kKeys * (kHeadDim * 2.0 + 4 * kGroup), {1.2, 1.0, 1.48});
    ExpectNoFaults();
  });
  Test("scores of int8 keys read each byte once for the group, in whole sectors", [] {
    constexpr size_t kBlocks = kKeys / 64;
    const DeviceArray<uint8_t> blocks(std::vector<uint8_t>(kBlocks * 64 * (kHeadDim + 4), 1),
                                      "blocks");
    const DeviceArray<int8_t> codes(std::vector<int8_t>(kGroup * kHeadDim, 1), "codes");
    DeviceArray<float> scores(kGroup * kKeys, "scores");
    const Traffic traffic = Measure([&] {
      cuda::QuantizedScores(codes.data(), kGroup, {blocks.data(), kBlocks, kHeadDim, 1}, kBlocks,
                            scores.data(), kKeys, nullptr);
    });
    CheckBudget(traffic, kKeys * (kHeadDim + 4.0 + 4 * kGroup), {1.0, 1.0, 1.03});
    ExpectNoFaults();
  });
  Test("top_k reads the row five times, in whole sectors", [] {
    constexpr size_t kScores = 8192;
    const DeviceArray<float> scores(Normals(kScores, 1), "scores");
    DeviceArray<uint32_t> indices(160, "indices");
    DeviceArray<uint32_t> has_nan(1, "has_nan");
    has_nan.Set({0});
    const Traffic traffic = Measure([&] {
      cuda::TopK({scores.data(), 1, kScores, kScores}, 160, indices.data(), has_nan.data(),
                 nullptr);
    });
    CheckBudget(traffic, 5.0 * kScores * 4, {1.01, 3.5, 1.02});
    ExpectNoFaults();
  });
  Test("top_p reads the row six times, in whole sectors", [] {
    constexpr size_t kScores = 8192;
    const DeviceArray<float> scores(Normals(kScores, 1), "scores");
    DeviceArray<uint32_t> indices(kScores, "indices");
    DeviceArray<uint32_t> counts(1, "counts");
    DeviceArray<uint32_t> is_bad(1, "is_bad");
    is_bad.Set({0});
    const Traffic traffic = Measure([&] {
      cuda::TopP({scores.data(), 1, kScores, kScores}, 2, 0.5, indices.data(), counts.data(),
                 is_bad.data(), nullptr);
    });
    CheckBudget(traffic, 6.0 * kScores * 4, {1.01, 2.0, 1.02});
    ExpectNoFaults();
  });
}

void TestLearnedScores() {
  constexpr size_t kBlocks = kKeys / cuda::kPlaneKeys;
  Test("scores of signatures read each word once for the group, in whole sectors", [] {
    constexpr size_t kWords = 2;
    DeviceArray<uint64_t> words(kKeys * kWords, "signatures");
    words.Set(std::vector<uint64_t>(words.size(), 5));
    const DeviceArray<uint64_t> queries(std::vector<uint64_t>(kGroup * kWords, 3), "queries");
    DeviceArray<float> scores(kGroup * kKeys, "scores");
    const Traffic traffic = Measure([&] {
      cuda::SignatureScores({queries.data(), 1, kGroup}, {words.data(), kBlocks, 1, kWords}, 0,
                            kKeys, scores.data(), kKeys, nullptr);
    });
    CheckBudget(traffic, kKeys * (kWords * 8.0 + 4 * kGroup), {1.0, 1.0, 1.02});
    ExpectNoFaults();
  });
  Test("scores of labels read each channel once for the group, in whole sectors", [] {
    constexpr size_t kChannels = 8;
    const Layer layer;
    DeviceArray<uint16_t> labels(kKeys * kChannels, "labels");
    labels.Set(std::vector<uint16_t>(labels.size(), 0x3c00));
    std::vector<uint32_t> every_16th;
    for (uint32_t c = 0; c < kChannels; ++c) every_16th.push_back(16 * c);
    const DeviceArray<uint32_t> channels(every_16th, "channels");
    DeviceArray<float> scores(kGroup * kKeys, "scores");
    const Traffic traffic = Measure([&] {
      cuda::LabelScores(layer.group(), layer.kv(),
                        {labels.data(), kBlocks, channels.data(), 1, kChannels}, 0, kKeys,
                        scores.data(), kKeys, nullptr);
    });
    CheckBudget(traffic, kKeys * (kChannels * 2.0 + 4 * kGroup), {1.22, 1.0, 1.26});
    ExpectNoFaults();
  });
  Test("a network reads its weights once for eight keys, in whole sectors", [] {
    constexpr unsigned kHidden = 64;
    constexpr unsigned kBits = 32;
    const Layer layer;
    const DeviceArray<float> numbers(Normals((kHeadDim + 1) * kHidden + (kHidden + 1) * kBits, 1),
                                     "network");
    cuda::HashNetwork network;
    network.n_layers = 2;
    const float* first = numbers.data();
    const float* second = first + (kHeadDim + 1) * kHidden;
    network.layers[0] = {first, first + kHeadDim * kHidden, kHeadDim, kHidden};
    network.layers[1] = {second, second + kHidden * kBits, kHidden, kBits};
    DeviceArray<uint64_t> words(kKeys, "signatures");
    const Traffic traffic = Measure([&] {
      cuda::HashKeys(layer.kv(), 0, kKeys, network, {words.data(), kBlocks, 1, 1}, nullptr);
    });
    CheckBudget(traffic, kKeys * (kHeadDim * 2.0 + 8) + kKeys / 8.0 * numbers.size() * 4,
                {1.01, 1.35, 1.01});
    ExpectNoFaults();
  });
}

void TestHashing() {
  Test("a scan of codes reads each code once for the group, in whole sectors", [] {
    constexpr size_t kTables = 32;
    constexpr size_t kBlocks = kKeys / 64;
    const DeviceArray<uint8_t> table(std::vector<uint8_t>(kBlocks * kTables * 64, 3), "table");
    const DeviceArray<uint16_t> codes(std::vector<uint16_t>(kGroup * kTables, 3), "codes");
    DeviceArray<uint32_t> found(kGroup * kKeys / 32, "found");
    const Traffic traffic = Measure([&] {
      cuda::LshMatch({{kTables, 8}, codes.data(), 1, kGroup, 2},
                     {const_cast<uint8_t*>(table.data()), kBlocks, nullptr}, 0, kKeys,
                     {found.data(), kGroup, kKeys / 32}, nullptr);
    });
    CheckBudget(traffic, kKeys * kTables, {1.0, 1.0, 1.05});
    ExpectNoFaults();
  });
}

}  // namespace

void TestTraffic() {
  TestAttention();
  TestScoring();
  TestLearnedScores();
  TestHashing();
}

}  // namespace simt
