// Streams that share a context on the device, in turn, beside a cache of the CPU for each: their
// queries, new keys and outputs lie in memory that the cache does not own.
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "device/decode_cache.h"
#include "maskers/kv_cache.h"
#include "simt/chain_cases.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Dtype;
using sparsetune::ForwardOutput;
using sparsetune::LayerCache;
using sparsetune::MaskerKind;
using sparsetune::Status;
using sparsetune::device::DecodeCache;
using sparsetune::testing::Expect;

constexpr size_t kContext = 76;  // no multiple of a page or a block
constexpr size_t kTail = 8;      // which ends behind the page that the context ends in
constexpr size_t kStreams = 2;
constexpr size_t kKeys = kContext + kStreams * kTail;
constexpr size_t kPad = 16;  // between the rows of tokens, in elements

/// [n_kv_heads, kKeys, head_dim] as f16.
std::vector<uint16_t> Halves(const std::vector<float>& rows) {
  std::vector<uint16_t> halves(rows.size());
  sparsetune::StoreRows(rows.data(), {1, rows.size(), Dtype::kF16, 1}, 1, 0,
                        reinterpret_cast<uint8_t*>(halves.data()));
  return halves;
}

/// Keys [begin, end) of each head, [n_kv_heads, end - begin, head_dim].
std::vector<uint16_t> Heads(const std::vector<uint16_t>& rows, const LayerCache::Shape& shape,
                            size_t begin, size_t end) {
  std::vector<uint16_t> cut;
  for (size_t head = 0; head < shape.n_kv_heads; ++head) {
    const uint16_t* first = rows.data() + head * kKeys * shape.head_dim;
    cut.insert(cut.end(), first + begin * shape.head_dim, first + end * shape.head_dim);
  }
  return cut;
}

/// The same, token after token: [end - begin, n_kv_heads * head_dim + kPad].
std::vector<uint16_t> Tokens(const std::vector<uint16_t>& rows, const LayerCache::Shape& shape,
                             size_t begin, size_t end) {
  std::vector<uint16_t> tokens;
  for (size_t key = begin; key < end; ++key) {
    const auto token = Heads(rows, shape, key, key + 1);
    tokens.insert(tokens.end(), token.begin(), token.end());
    tokens.resize(tokens.size() + kPad);
  }
  return tokens;
}

/// Between [n_q_heads, n_q, head_dim] and [n_q, n_q_heads, head_dim].
std::vector<float> Turned(const std::vector<float>& rows, size_t n, size_t head_dim) {
  const size_t n_inner = rows.size() / head_dim / n;
  std::vector<float> turned;
  for (size_t inner = 0; inner < n_inner; ++inner) {
    for (size_t i = 0; i < n; ++i) {
      const float* row = rows.data() + (i * n_inner + inner) * head_dim;
      turned.insert(turned.end(), row, row + head_dim);
    }
  }
  return turned;
}

/// A context on the device, and the inputs of its streams.
class Decode {
 public:
  explicit Decode(const ChainCase& chain_case)
      : inputs_(chain_case), keys_(Halves(inputs_.keys)), values_(Halves(inputs_.values)) {
    inputs_.forward.wants_mask = false;
    const auto keys = Heads(keys_, inputs_.shape, 0, kContext);
    const auto values = Heads(values_, inputs_.shape, 0, kContext);
    const sparsetune::device::HostContext context = {
        keys.data(), values.data(), kContext, inputs_.shape.n_kv_heads, inputs_.shape.head_dim};
    const auto room = sparsetune::device::MakeDecodeRoom();
    Expect(MakeDecodeCache(context, 1, room, &cache_) == Status::kOk, "make");
    for (size_t stream = 0; stream < kStreams; ++stream) {
      tails_.push_back(
          sparsetune::device::AllocateOnDevice(2 * kTail * TokenElements() * sizeof(uint16_t)));
      Expect(tails_.back() != nullptr, "allocate a tail");
      cpu_.push_back(std::make_unique<sparsetune::KvCache>(inputs_.shape));
      Expect(inputs_.AppendTo(cpu_.back().get(), 0, kContext) == Status::kOk, "append");
      Run(cpu_.back().get(), inputs_.forward);  // what the context freezes is frozen
    }
  }

  /// The two tokens of a stream after `n` of them.
  void Step(size_t stream, size_t n) {
    const size_t begin = kContext + stream * kTail + n;
    const size_t end = begin + inputs_.forward.n_q;
    Expect(inputs_.AppendTo(cpu_[stream].get(), begin, end) == Status::kOk, "append");
    const ForwardOutput expected = Run(cpu_[stream].get(), inputs_.forward);
    ExpectSame(OnDevice(stream, n, begin, end), expected);
  }

 private:
  size_t TokenElements() const { return inputs_.shape.n_kv_heads * inputs_.shape.head_dim; }

  ForwardOutput OnDevice(size_t stream, size_t n, size_t begin, size_t end) {
    const size_t head_dim = inputs_.shape.head_dim;
    const DeviceArray<uint16_t> keys(Tokens(keys_, inputs_.shape, begin, end), "new keys");
    const DeviceArray<uint16_t> values(Tokens(values_, inputs_.shape, begin, end), "new values");
    const DeviceArray<float> queries(Turned(inputs_.queries, inputs_.forward.n_q_heads, head_dim),
                                     "queries");
    const size_t row = queries.size() / inputs_.forward.n_q;
    DeviceArray<float> output(queries.size() + kPad, "output");
    const size_t stride = (TokenElements() + kPad) * sizeof(uint16_t);
    ForwardOutput found;
    Expect(cache_->Prepare(inputs_.forward, kTail) == Status::kOk, "prepare");
    const Status status =
        cache_->Forward(inputs_.forward, {keys.data(), stride, values.data(), stride},
                        {tails_[stream].get(), kTail, n},
                        {queries.data(), row, output.data(), row + kPad}, &found.stats);
    Expect(status == Status::kOk, sparsetune::device::DecodeFailureText());
    // The rows of the two tokens have a gap between them that nobody writes.
    for (size_t i = 0; i < inputs_.forward.n_q; ++i) {
      std::vector<float> token(row);
      CopyToHost(token.data(), output.data() + i * (row + kPad), row * sizeof(float));
      found.output.insert(found.output.end(), token.begin(), token.end());
    }
    found.output = Turned(found.output, inputs_.forward.n_q, head_dim);
    return found;
  }

  ChainInputs inputs_;
  std::vector<uint16_t> keys_;
  std::vector<uint16_t> values_;
  std::unique_ptr<DecodeCache> cache_;
  std::vector<std::shared_ptr<void>> tails_;
  std::vector<std::unique_ptr<sparsetune::KvCache>> cpu_;
};

void TestStreams(const ChainCase& chain_case) {
  Decode decode(chain_case);
  for (size_t n = 0; n < kTail; n += 2) {
    for (size_t stream = 0; stream < kStreams; ++stream) decode.Step(stream, n);
  }
}

}  // namespace

void TestDecode() {
  const LayerCache::Shape shape = {2, 64, Dtype::kF16, kKeys};
  const auto sink = Masker(MaskerKind::kSink, 5);
  const auto magic_pig = Masker(MaskerKind::kMagicPig, 1);
  const auto quest = Masker(MaskerKind::kQuest, 32);
  const auto random = Masker(MaskerKind::kRandomSampling, 1);
  for (const ChainCase& chain_case :
       {ChainCase{"dense", {}, shape, 2, kKeys},
        ChainCase{"top_k with int8 scores and magic_pig",
                  {sink, Int8TopK(20), magic_pig},
                  shape,
                  2,
                  kKeys},
        ChainCase{"quest and random_sampling", {quest, random}, shape, 2, kKeys},
        ChainCase{"hash_top_k", {sink, HashTopK(20, 2, 64, 8, 40)}, shape, 2, kKeys},
        ChainCase{"double_sparsity", {DoubleSparsity(20, 2, 64)}, shape, 2, kKeys}}) {
    TestKernels(std::string("streams share a context on the device: ") + chain_case.title,
                [&] { TestStreams(chain_case); });
  }
}

}  // namespace simt
