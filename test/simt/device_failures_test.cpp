// What a device cache does when the device has no memory left, or refuses a launch: the call that
// met it says so, the keys stay, and the next call works.
#include <memory>
#include <string>
#include <vector>

#include "device/decode_cache.h"
#include "device/kv_cache.h"
#include "device/support.h"
#include "maskers/kv_cache.h"
#include "maskers/masker_kind.h"
#include "simt/chain_cases.h"
#include "simt/cuda_host.h"
#include "simt/device.h"
#include "simt/memory.h"
#include "simt/reports.h"
#include "simt/scheduler.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::ForwardOutput;
using sparsetune::LayerCache;
using sparsetune::MaskerKind;
using sparsetune::Status;
using sparsetune::testing::Expect;
using sparsetune::testing::Test;
using sparsetune::testing::Text;

constexpr size_t kBegun = 70;
constexpr size_t kGrown = 130;

/// A way to fail, the nth time that it is possible.
struct Failure {
  const char* title;
  void (*plant)(size_t nth);
  Status status;
  const char* text;
};

constexpr Failure kFailures[] = {
    {"out of memory", FailAllocation, Status::kOutOfMemory,
     "cudaErrorMemoryAllocation: out of memory"},
    {"a launch that is refused", FailLaunch, Status::kDevice,
     "cudaErrorInvalidConfiguration: invalid configuration argument"},
};

/// Sink, local, top_k with int8 scores and a sampler, for one head.
ChainCase LongChain(MaskerKind sampler) {
  return {"",
          {Masker(MaskerKind::kSink, 4), Masker(MaskerKind::kLocal, 8), Int8TopK(10),
           Masker(sampler, 20)},
          {1, 64, sparsetune::Dtype::kF16, kChainKeys},
          1};
}

/// A choice alone, of one head.
ChainCase ShortChain(const sparsetune::MaskerConfig& choice) {
  return {"", {choice}, {1, 64, sparsetune::Dtype::kF16, kChainKeys}, 1};
}

/// Appends so that the cache grows, then calls: the first failure, or kOk.
Status GrowAndRun(const ChainInputs& inputs, LayerCache* cache) {
  const Status status = inputs.AppendTo(cache, kBegun, kGrown);
  if (status != Status::kOk) return status;
  ForwardOutput output;
  return cache->Forward(inputs.forward, &output);
}

/// Plants the nth failure; false where there is no nth.
bool Survives(const Failure& failure, size_t nth, const ChainInputs& inputs,
              const ForwardOutput& expected) {
  const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
  Expect(inputs.AppendTo(cache.get(), 0, kBegun) == Status::kOk, "append");
  Run(cache.get(), inputs.forward);
  failure.plant(nth);
  const Status status = GrowAndRun(inputs, cache.get());
  failure.plant(0);
  if (status == Status::kOk) return false;
  Expect(status == failure.status, Text("status ", static_cast<int>(status), " at ", nth));
  Expect(cache->FailureText() == failure.text, cache->FailureText());
  Expect(cache->n_kv() == kBegun || cache->n_kv() == kGrown, Text("keys ", cache->n_kv()));
  if (cache->n_kv() == kBegun) {
    Expect(inputs.AppendTo(cache.get(), kBegun, kGrown) == Status::kOk, "append again");
  }
  ExpectSame(Run(cache.get(), inputs.forward), expected);
  return true;
}

void TestFailure(const Failure& failure, const ChainCase& chain_case) {
  const ChainInputs inputs(chain_case);
  sparsetune::KvCache cpu(inputs.shape);
  Expect(inputs.AppendTo(&cpu, 0, kBegun) == Status::kOk, "append, CPU");
  Run(&cpu, inputs.forward);  // the mean of magic_pig is that of these keys
  Expect(inputs.AppendTo(&cpu, kBegun, kGrown) == Status::kOk, "append, CPU");
  const ForwardOutput expected = Run(&cpu, inputs.forward);
  size_t nth = 1;
  while (Survives(failure, nth, inputs, expected)) ++nth;
  Expect(nth > 4, Text("failures ", nth - 1));
  ExpectNoFaults();
}

void TestRefusals() {
  Test("scores that are not numbers are an error, as on the CPU", [] {
    for (const auto& masker : {Masker(MaskerKind::kTopK, 10), TopP(0.5)}) {
      ChainInputs inputs({"", {masker}});
      for (float& key : inputs.keys) key = key > 0 ? 6e4f : -6e4f;
      for (float& query : inputs.queries) query = query > 0 ? 3e38f : -3e38f;
      sparsetune::KvCache cpu(inputs.shape);
      const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
      for (LayerCache* one : {static_cast<LayerCache*>(&cpu), cache.get()}) {
        Expect(inputs.AppendTo(one, 0, kBegun) == Status::kOk, "append");
        ForwardOutput output;
        Expect(one->Forward(inputs.forward, &output) == Status::kInvalidArgument, "status");
      }
    }
    ExpectNoFaults();
  });
  Test("chains that the device cannot run are told by name", [] {
    const auto top_k = Masker(MaskerKind::kTopK, 10);
    const auto fraction = Masker(MaskerKind::kAdaptiveSampling, 0.1, true);
    const auto expect = [](const std::vector<sparsetune::MaskerConfig>& maskers,
                           const std::string& reason) {
      sparsetune::ChainConfig chain;
      chain.maskers = maskers;
      const std::string found = sparsetune::device::WhyNotChain(chain);
      Expect(found.rfind(reason, 0) == 0 && found.empty() == reason.empty(), found);
    };
    expect({Masker(MaskerKind::kSink, 1), top_k, fraction}, "");
    expect({Masker(MaskerKind::kSink, 1), TopP(0.5), Masker(MaskerKind::kLocal, 1)}, "");
    expect({HashTopK(1, 2, 64), fraction}, "");
    expect({HashTopK(1, 2, 64, 513)}, "masker \"hash_top_k\" has no CUDA kernels for networks");
    expect({DoubleSparsity(1, 2, 64), top_k}, "masker \"top_k\" after masker \"double_sparsity\"");
    expect({TopP(0.5), fraction}, "masker \"adaptive_sampling\" with baseFraction");
    expect({fraction, top_k}, "masker \"top_k\" after masker \"adaptive_sampling\"");
    expect({Masker(MaskerKind::kQuest, 16), fraction},
           "masker \"adaptive_sampling\" with baseFraction");
    expect({top_k, Masker(MaskerKind::kSink, 1), fraction},
           "masker \"adaptive_sampling\" with baseFraction");
  });
  Test("networks and channels that do not fit the heads are refused, as on the CPU", [] {
    for (const auto& masker :
         {HashTopK(10, 3, 64), HashTopK(10, 2, 80), DoubleSparsity(10, 3, 64),
          DoubleSparsity(10, 2, 80), HashTopK(10, 8, 64), DoubleSparsity(10, 8, 64)}) {
      const ChainInputs inputs({"", {masker}});
      sparsetune::KvCache cpu(inputs.shape);
      const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
      for (LayerCache* one : {static_cast<LayerCache*>(&cpu), cache.get()}) {
        Expect(inputs.AppendTo(one, 0, kBegun) == Status::kOk, "append");
        ForwardOutput output;
        Expect(one->Forward(inputs.forward, &output) == Status::kInvalidShape, "status");
      }
    }
    ExpectNoFaults();
  });
}

/// A context on the device on which chains of several streams work in turn.
class SharedContext {
 public:
  SharedContext() {
    const std::vector<uint16_t> halves(kBegun * kHeadDim, 0x3c00);
    const sparsetune::device::HostContext context = {halves.data(), halves.data(), kBegun, 1,
                                                     kHeadDim};
    const auto room = sparsetune::device::MakeDecodeRoom();
    Expect(MakeDecodeCache(context, 1, room, &cache_) == Status::kOk, "make");
  }

  /// magic_pig with so many tables, of which each has planes as large as a fifth of the context.
  static sparsetune::ForwardInput Chain(size_t lsh_l) {
    sparsetune::ForwardInput input =
        ChainInputs(ShortChain(Masker(MaskerKind::kMagicPig, 1))).forward;
    input.chain.maskers.front().lsh_l = lsh_l;
    input.n_q = 1;
    return input;
  }
  void Prepare(const sparsetune::ForwardInput& input) {
    Expect(cache_->Prepare(input, 1) == Status::kOk, "prepare");
  }
  void Forward(const sparsetune::ForwardInput& input) {
    sparsetune::GroupStats stats;
    const Status status = cache_->Forward(
        input, {token_.data(), 2 * kHeadDim, token_.data(), 2 * kHeadDim}, {tail_.data(), 1, 0},
        {queries_.data(), kHeadDim, output_.data(), kHeadDim}, &stats);
    Expect(status == Status::kOk, "forward");
  }

 private:
  static constexpr size_t kHeadDim = 64;

  std::unique_ptr<sparsetune::device::DecodeCache> cache_;
  DeviceArray<uint16_t> token_{std::vector<uint16_t>(kHeadDim, 0x3c00), "new token"};
  DeviceArray<uint16_t> tail_{2 * kHeadDim, "tail"};
  DeviceArray<float> queries_{std::vector<float>(kHeadDim, 1), "queries"};
  DeviceArray<float> output_{kHeadDim, "output"};
};

void TestSharedContext() {
  Test("chains of a batch on one context keep what they remember, others give way", [] {
    SharedContext context;
    const auto one = SharedContext::Chain(30);
    const auto two = SharedContext::Chain(20);
    const auto three = SharedContext::Chain(10);
    const auto step = [&](const std::vector<sparsetune::ForwardInput>& batch) {
      for (const auto& input : batch) context.Prepare(input);
      for (const auto& input : batch) context.Forward(input);
      return DeviceBytes();
    };
    const size_t both = step({one, two});
    context.Prepare(one);
    Expect(DeviceBytes() == both, "the other one was freed");
    Expect(step({one, two}) == both, "bytes of the same batch");
    step({three});
    Expect(step({three}) < both, "chains that are gone hold their memory");
    ExpectNoFaults();
  });
}

}  // namespace

void TestDeviceFailures() {
  TestRefusals();
  TestSharedContext();
  Test("what the device cannot do is refused, and the capacity holds", [] {
    const ChainInputs inputs({"", {TopP(0.5), Masker(MaskerKind::kTopK, 10)}});
    const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
    ForwardOutput output;
    Expect(cache->Forward(inputs.forward, &output) == Status::kInvalidShape, "no keys");
    Expect(inputs.AppendTo(cache.get(), 0, kChainKeys) == Status::kOk, "append");
    Expect(cache->Forward(inputs.forward, &output) == Status::kUnsupported, "two choices");
    Expect(inputs.AppendTo(cache.get(), 0, 1) == Status::kInvalidShape, "capacity");
    ExpectNoFaults();
  });
  for (const Failure& failure : kFailures) {
    for (const ChainCase& chain_case :
         {LongChain(MaskerKind::kMagicPig), ShortChain(HashTopK(10, 1, 64, 8, 16)),
          ShortChain(DoubleSparsity(10, 1, 64)), ShortChain(TopP(0.5))}) {
      const MaskerKind last = chain_case.maskers.back().kind;
      Test(Text("the call says, and the cache goes on: ", failure.title, ", ",
                sparsetune::MaskerName(last)),
           [&] { TestFailure(failure, chain_case); });
    }
  }
  Test("a fault in a kernel is told by the call that launched it", [] {
    const ChainInputs inputs(LongChain(MaskerKind::kMagicPig));
    const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
    Expect(inputs.AppendTo(cache.get(), 0, kBegun) == Status::kOk, "append");
    GetOptions().shared_bytes = 64;
    ForwardOutput output;
    const Status status = cache->Forward(inputs.forward, &output);
    GetOptions().shared_bytes = Options().shared_bytes;
    Expect(status == Status::kDevice, Text("status ", static_cast<int>(status)));
    Expect(!TakeReports().empty(), "reports");
    ExpectNoFaults();
  });
  Test("calls take more memory only where the cache grows, and configs share what they need", [] {
    ChainInputs inputs(LongChain(MaskerKind::kMagicPig));
    const auto cache = sparsetune::device::MakeKvCache(inputs.shape);
    Expect(inputs.AppendTo(cache.get(), 0, kBegun) == Status::kOk, "append");
    Expect(inputs.AppendTo(cache.get(), kBegun, kBegun + 1) == Status::kOk, "append");
    Run(cache.get(), inputs.forward);
    const size_t held = DeviceBytes();
    Expect(inputs.AppendTo(cache.get(), kBegun + 1, 2 * kBegun) == Status::kOk, "append");
    Run(cache.get(), inputs.forward);
    inputs.forward.chain.maskers.erase(inputs.forward.chain.maskers.begin());
    Run(cache.get(), inputs.forward);
    Expect(DeviceBytes() == held, Text("grown by ", DeviceBytes() - held));
    Expect(inputs.AppendTo(cache.get(), 2 * kBegun, 2 * kBegun + 1) == Status::kOk, "append");
    Expect(DeviceBytes() > held, "grown");
    ExpectNoFaults();
  });
  Test("a device cache frees what it held", [] {
    const size_t before = DeviceBytes();
    const ChainInputs inputs(LongChain(MaskerKind::kMagicPig));
    auto cache = sparsetune::device::MakeKvCache(inputs.shape);
    Expect(inputs.AppendTo(cache.get(), 0, kBegun) == Status::kOk, "append");
    Run(cache.get(), inputs.forward);
    Expect(DeviceBytes() > before + cache->bytes(), "held");
    cache.reset();
    Expect(DeviceBytes() == before, Text("left ", DeviceBytes() - before));
    ExpectNoFaults();
  });
}

}  // namespace simt
