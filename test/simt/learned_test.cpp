// The kernels of hash_top_k and double_sparsity on the emulated GPU beside those of the CPU.
#include "cuda/learned.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "kernels/signatures/signatures.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Activation;
using sparsetune::Dtype;
using sparsetune::Status;
using sparsetune::testing::DtypeName;
using sparsetune::testing::Expect;
using sparsetune::testing::Normals;
using sparsetune::testing::Stored;
using sparsetune::testing::Text;
using sparsetune::testing::Uniform;
namespace cuda = sparsetune::cuda;

constexpr size_t kHeads = 2;
constexpr size_t kBlock = cuda::kPlaneKeys;

std::vector<uint8_t> BytesOf(const Stored& stored) {
  return {stored.bytes.data(), stored.bytes.data() + stored.bytes.size()};
}

double Activate(double x, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return std::max(x, 0.0);
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kGelu:
      return 0.5 * x * (1 + std::erf(x * std::sqrt(0.5)));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return x;
}

/// A network of random numbers for each of `n_heads` heads, here and there.
class Network {
 public:
  Network(size_t n_heads, const std::vector<size_t>& widths, Activation activation)
      : n_heads_(n_heads), widths_(widths), activation_(activation) {
    size_t n = 0;
    for (size_t l = 0; l + 1 < widths.size(); ++l) n += (widths[l] + 1) * widths[l + 1];
    numbers_ = Normals(n_heads * n, 5);
    device_ = std::make_unique<DeviceArray<float>>(numbers_, "network");
  }

  cuda::HashNetwork device() const {
    cuda::HashNetwork network;
    network.activation = activation_;
    network.n_layers = widths_.size() - 1;
    const float* at = device_->data();
    for (size_t l = 0; l + 1 < widths_.size(); ++l) {
      const float* bias = at + n_heads_ * widths_[l] * widths_[l + 1];
      network.layers[l] = {at, bias, static_cast<unsigned>(widths_[l]),
                           static_cast<unsigned>(widths_[l + 1])};
      at = bias + n_heads_ * widths_[l + 1];
    }
    return network;
  }

  size_t n_bits() const { return widths_.back(); }
  size_t n_words() const { return (n_bits() + 63) / 64; }

  /// Whether a signature is that of `vector`: bits of outputs that are nearly 0 may be either, and
  /// all beyond the signature are 0.
  bool Gives(const float* vector, size_t head, const std::vector<uint64_t>& signature) const {
    std::vector<double> values(vector, vector + widths_[0]);
    const float* at = numbers_.data();
    double largest = 0;
    for (size_t l = 0; l + 1 < widths_.size(); ++l) {
      const size_t n_in = widths_[l];
      const size_t n_out = widths_[l + 1];
      const float* columns = at + head * n_in * n_out;
      const float* bias = at + n_heads_ * n_in * n_out + head * n_out;
      std::vector<double> sums(bias, bias + n_out);
      for (size_t i = 0; i < n_in; ++i) {
        for (size_t o = 0; o < n_out; ++o) sums[o] += values[i] * columns[i * n_out + o];
      }
      for (const double sum : sums) largest = std::max(largest, std::abs(sum));
      if (l + 2 < widths_.size()) {
        for (double& sum : sums) sum = Activate(sum, activation_);
      }
      values = sums;
      at += n_heads_ * (n_in + 1) * n_out;
    }
    for (size_t b = 0; b < 64 * signature.size(); ++b) {
      const bool is_set = (signature[b / 64] >> b % 64 & 1) != 0;
      const bool is_known = b >= n_bits() || std::abs(values[b]) > 1e-5 * largest;
      if (is_known && is_set != (b < n_bits() && values[b] > 0)) return false;
    }
    return true;
  }

 private:
  size_t n_heads_;
  std::vector<size_t> widths_;  ///< of the input and of each layer
  Activation activation_;
  std::vector<float> numbers_;
  std::unique_ptr<DeviceArray<float>> device_;
};

struct HashCase {
  std::vector<size_t> widths;
  Activation activation;
  size_t group_size;
  bool by_query_head;
  size_t n_keys;
  Dtype dtype;

  size_t n_networks() const { return by_query_head ? group_size : 1; }
};

void CheckKeys(const HashCase& given, const Network& network) {
  const size_t head_dim = given.widths[0];
  const size_t n_networks = given.n_networks();
  const Stored keys(Normals(kHeads * given.n_keys * head_dim, 1), given.dtype);
  const DeviceArray<uint8_t> device_keys(BytesOf(keys), "keys");
  const cuda::KvRows kv = {device_keys.data(),     nullptr, given.dtype, head_dim, kHeads, head_dim,
                           given.n_keys * head_dim};
  const size_t n_blocks = (given.n_keys + kBlock - 1) / kBlock;
  const size_t n_words = network.n_words();
  DeviceArray<uint64_t> words(kHeads * n_blocks * n_networks * n_words * kBlock, "signatures");
  const cuda::SignatureTable table = {words.data(), n_blocks, n_networks, n_words};
  size_t begin = 0;
  for (const size_t end : {std::min<size_t>(given.n_keys, 1), given.n_keys / 2, given.n_keys}) {
    if (end < begin) continue;
    Expect(cuda::HashKeys(kv, begin, end, network.device(), table, nullptr) == Status::kOk, "keys");
    begin = end;
  }
  const std::vector<uint64_t> actual = words.Get();
  for (size_t i = 0; i < kHeads * n_networks * given.n_keys; ++i) {
    const size_t key = i % given.n_keys;
    const size_t row = i / given.n_keys;  // KV head and network
    const size_t head = row / n_networks;
    std::vector<uint64_t> signature;
    for (size_t w = 0; w < n_words; ++w) {
      const size_t block = (head * n_blocks + key / kBlock) * n_networks + row % n_networks;
      signature.push_back(actual[(block * n_words + w) * kBlock + key % kBlock]);
    }
    const float* vector = keys.values.data() + (head * given.n_keys + key) * head_dim;
    Expect(network.Gives(vector, row, signature), Text("key ", key, " network ", row));
  }
}

void CheckQueries(const HashCase& given, const Network& network) {
  const size_t head_dim = given.widths[0];
  const size_t n_networks = given.n_networks();
  const size_t n_words = network.n_words();
  const size_t n_queries = kHeads * given.group_size;
  const std::vector<float> queries = Normals(n_queries * head_dim, 2);
  const DeviceArray<float> device_queries(queries, "queries");
  DeviceArray<uint64_t> signatures(n_queries * n_words, "signatures of queries");
  Expect(cuda::HashQueries({device_queries.data(), given.group_size}, kHeads, n_networks,
                           network.device(), n_words, signatures.data(), nullptr) == Status::kOk,
         "queries");
  const std::vector<uint64_t> all = signatures.Get();
  for (size_t query = 0; query < n_queries; ++query) {
    const auto first = all.begin() + static_cast<ptrdiff_t>(query * n_words);
    const size_t head = given.by_query_head ? query : query / given.group_size;
    Expect(network.Gives(queries.data() + query * head_dim, head,
                         {first, first + static_cast<ptrdiff_t>(n_words)}),
           Text("query ", query));
  }
}

void CheckHash(const HashCase& given) {
  const Network network(kHeads * given.n_networks(), given.widths, given.activation);
  CheckKeys(given, network);
  CheckQueries(given, network);
}

/// Every head dimension, activation and type; widths around the threads and words of a block.
std::vector<HashCase> HashCases() {
  return {
      {{64, 16, 32}, Activation::kSilu, 1, false, 65, Dtype::kF16},
      {{80, 128, 1}, Activation::kRelu, 3, false, 9, Dtype::kBf16},
      {{96, 31, 64}, Activation::kGelu, 4, true, 64, Dtype::kF32},
      {{128, 5, 7, 65}, Activation::kTanh, 8, false, 7, Dtype::kF16},
      {{256, 129, 33}, Activation::kSilu, 2, true, 8, Dtype::kBf16},
      {{64, 130}, Activation::kRelu, 5, true, 1, Dtype::kF16},
      {{80, 512, 2, 512}, Activation::kGelu, 7, false, 2, Dtype::kF32},
      {{64, 1, 3, 2, 4, 3, 2, 5, 70}, Activation::kTanh, 6, true, 33, Dtype::kBf16},
  };
}

void CheckSignatureScores(size_t n_words, size_t group_size, bool by_query_head, size_t begin,
                          size_t n) {
  const size_t n_networks = by_query_head ? group_size : 1;
  const size_t n_blocks = (begin + n + kBlock - 1) / kBlock + 1;
  const size_t n_queries = kHeads * group_size;
  Uniform uniform(7);
  const auto random = [&](size_t count) {
    std::vector<uint64_t> words;
    for (size_t i = 0; i < count; ++i) {
      words.push_back(static_cast<uint64_t>(uniform.Word()) << 32 | uniform.Word());
    }
    return words;
  };
  const std::vector<uint64_t> keys = random(kHeads * n_blocks * n_networks * n_words * kBlock);
  const std::vector<uint64_t> queries = random(n_queries * n_words);
  DeviceArray<uint64_t> table(keys.size(), "signatures");
  table.Set(keys);
  const DeviceArray<uint64_t> signatures(queries, "signatures of queries");
  const size_t stride = n + 3;
  DeviceArray<float> scores(n_queries * stride, "scores");
  const Status status = cuda::SignatureScores({signatures.data(), kHeads, group_size},
                                              {table.data(), n_blocks, n_networks, n_words}, begin,
                                              n, scores.data(), stride, nullptr);
  Expect(status == Status::kOk, "status");
  const std::vector<float> actual = scores.Get();
  for (size_t query = 0; query < n_queries; ++query) {
    const size_t network = by_query_head ? query % group_size : 0;
    for (size_t i = 0; i < n; ++i) {
      const size_t key = begin + i;
      const size_t block = query / group_size * n_blocks + key / kBlock;
      std::vector<uint64_t> words;
      for (size_t w = 0; w < n_words; ++w) {
        words.push_back(
            keys[((block * n_networks + network) * n_words + w) * kBlock + key % kBlock]);
      }
      float expected = 0;
      sparsetune::SignatureScores(queries.data() + query * n_words, words.data(), n_words, 1,
                                  sparsetune::Isa::kScalar, &expected);
      Expect(actual[query * stride + i] == expected, Text("query ", query, " key ", key));
    }
  }
}

struct LabelCase {
  size_t head_dim;
  size_t n_channels;
  size_t group_size;
  bool by_query_head;
  size_t n_keys;
  Dtype dtype;
};

void CheckLabels(const LabelCase& given) {
  const size_t n_lists = given.by_query_head ? given.group_size : 1;
  const size_t n_blocks = (given.n_keys + kBlock - 1) / kBlock;
  const Stored keys(Normals(kHeads * given.n_keys * given.head_dim, 1), given.dtype);
  const DeviceArray<uint8_t> device_keys(BytesOf(keys), "keys");
  const cuda::KvRows kv = {
      device_keys.data(),           nullptr, given.dtype, given.head_dim, kHeads, given.head_dim,
      given.n_keys * given.head_dim};
  std::vector<uint32_t> channels;
  for (size_t i = 0; i < kHeads * n_lists * given.n_channels; ++i) {
    channels.push_back(static_cast<uint32_t>((i * 7 + i / given.n_channels) % given.head_dim));
  }
  const DeviceArray<uint32_t> device_channels(channels, "channels");
  const size_t n = kHeads * n_blocks * n_lists * given.n_channels * kBlock;
  DeviceArray<uint8_t> labels(n * sparsetune::DtypeBytes(given.dtype), "labels");
  const cuda::LabelTable table = {labels.data(), n_blocks, device_channels.data(), n_lists,
                                  given.n_channels};
  size_t begin = 0;
  for (const size_t end : {given.n_keys / 3, given.n_keys / 3, given.n_keys}) {
    Expect(cuda::LabelsExtend(kv, begin, end, table, nullptr) == Status::kOk, "labels");
    begin = end;
  }
  const size_t n_queries = kHeads * given.group_size;
  const std::vector<float> queries = Normals(n_queries * given.head_dim, 2);
  const DeviceArray<float> device_queries(queries, "queries");
  const size_t first = given.n_keys / 4;
  const size_t n_scored = given.n_keys - first;
  DeviceArray<float> scores(n_queries * n_scored, "scores");
  Expect(cuda::LabelScores({device_queries.data(), given.group_size}, kv, table, first, n_scored,
                           scores.data(), n_scored, nullptr) == Status::kOk,
         "scores");
  const std::vector<float> actual = scores.Get();
  for (size_t i = 0; i < actual.size(); ++i) {
    const size_t query = i / n_scored;
    const size_t head = query / given.group_size;
    const size_t list = head * n_lists + (given.by_query_head ? query % given.group_size : 0);
    const float* key =
        keys.values.data() + (head * given.n_keys + first + i % n_scored) * given.head_dim;
    double sum = 0;
    double magnitudes = 0;
    for (size_t c = 0; c < given.n_channels; ++c) {
      const uint32_t channel = channels[list * given.n_channels + c];
      const double product = double{queries[query * given.head_dim + channel]} * key[channel];
      sum += product;
      magnitudes += std::abs(product);
    }
    const double bound = static_cast<double>(given.n_channels) * 0x1p-24 * magnitudes;
    Expect(std::abs(actual[i] - sum) <= bound, Text("query ", query, " key ", i % n_scored));
  }
}

/// Every head dimension and type, and channel counts up to all of them.
constexpr LabelCase kLabelCases[] = {
    {64, 4, 1, false, 65, Dtype::kF16},    {80, 5, 3, false, 64, Dtype::kBf16},
    {96, 6, 4, true, 130, Dtype::kF32},    {128, 8, 8, false, 63, Dtype::kF16},
    {256, 16, 2, true, 129, Dtype::kBf16}, {64, 1, 5, true, 1, Dtype::kF32},
    {80, 80, 7, false, 3, Dtype::kF16},    {256, 256, 8, true, 2, Dtype::kF32},
    {96, 13, 6, true, 33, Dtype::kBf16},
};

}  // namespace

void TestLearned() {
  for (const HashCase& given : HashCases()) {
    TestKernels(Text("signatures are those of the network in double at head_dim=", given.widths[0],
                     ", ", given.widths.size() - 1, " layers, ", given.widths.back(), " bits"),
                [&] { CheckHash(given); });
  }
  TestKernels("scores of signatures are the CPU's", [] {
    CheckSignatureScores(1, 1, false, 0, 1);
    CheckSignatureScores(1, 8, false, 64, 129);
    CheckSignatureScores(2, 4, true, 5, 100);
    CheckSignatureScores(3, 7, true, 63, 65);
    CheckSignatureScores(8, 3, false, 1, 127);
    CheckSignatureScores(5, 2, true, 0, 0);
  });
  for (const LabelCase& given : kLabelCases) {
    TestKernels(Text("labels give the sum in double at head_dim=", given.head_dim, " channels=",
                     given.n_channels, " group=", given.group_size, " ", DtypeName(given.dtype)),
                [&] { CheckLabels(given); });
  }
  sparsetune::testing::Test("networks and labels refuse what they are not built for", [] {
    cuda::KvRows kv;
    kv.head_dim = 64;
    kv.n_kv_heads = 1;
    cuda::HashNetwork network;
    network.n_layers = 1;
    network.layers[0] = {nullptr, nullptr, 64, 513};
    const auto hash = [&](size_t n_words) {
      return cuda::HashKeys(kv, 0, 1, network, {nullptr, 1, 1, n_words}, nullptr);
    };
    Expect(hash(9) == Status::kInvalidShape, "width");
    network.layers[0].n_out = 64;
    Expect(hash(2) == Status::kInvalidShape, "words");
    network.layers[0].n_in = 80;
    Expect(hash(1) == Status::kInvalidShape, "head_dim");
    const auto scores = [&](size_t group_size, size_t n_lists, size_t n) {
      return cuda::LabelScores({nullptr, group_size}, kv, {nullptr, 1, nullptr, n_lists, 4}, 0, n,
                               nullptr, n, nullptr);
    };
    Expect(scores(9, 1, 1) == Status::kInvalidShape, "group");
    Expect(scores(4, 2, 1) == Status::kInvalidShape, "lists");
    Expect(scores(4, 4, 65) == Status::kInvalidShape, "keys");
  });
}

}  // namespace simt
