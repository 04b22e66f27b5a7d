// Any chain on any small shape: no access out of bounds, no undefined behaviour, and a result that
// keeps its promises. One entry point for libFuzzer and for fuzz_driver.cpp.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "core/element.h"
#include "maskers/chain.h"
#include "maskers/check_chain.h"
#include "maskers/kv_cache.h"
#include "native/check.h"
#include "native/fuzz_bytes.h"

namespace sparsetune::fuzz {
namespace {

constexpr uint32_t kLayers = 2;

/// Sizes of a call; all small.
struct Shape {
  size_t n_kv_heads = 1;
  size_t group_size = 1;
  size_t head_dim = 1;
  size_t n_base = 0;
  size_t n_kv = 1;
  size_t n_q = 1;
  Dtype dtype = Dtype::kF32;
  Isa isa = Isa::kScalar;
};

/// Numbers that parameters are wrong in.
double OddNumber(Bytes* bytes) {
  static constexpr double kOdd[] = {0,      -1,
                                    0.5,    1,
                                    1e-9,   1e19,
                                    1.0001, std::numeric_limits<double>::infinity(),
                                    -0.5,   std::numeric_limits<double>::quiet_NaN()};
  return kOdd[bytes->UpTo(9)];
}

double ReadShare(Bytes* bytes) {
  return bytes->UpTo(15) == 0 ? OddNumber(bytes) : (bytes->Next() + 1) / 257.0;
}

KeyCount ReadCount(Bytes* bytes) {
  KeyCount count;
  count.is_fraction = bytes->Flag();
  count.value = count.is_fraction ? ReadShare(bytes) : bytes->UpTo(300);
  if (bytes->UpTo(15) == 0) count.value = OddNumber(bytes);
  return count;
}

/// Number `at` of a sequence, -1..1; quick, since most of a run is spent on it.
float SmallFloat(size_t at, uint64_t seed) {
  uint64_t word = (at + 1) * 0x9e3779b97f4a7c15u + seed * 0xbf58476d1ce4e5b9u;
  word = (word ^ word >> 29) * 0x94d049bb133111ebu;
  return static_cast<float>(word >> 40) * 0x1p-23f - 1.0f;
}

HashLayer MakeHashLayer(size_t n_heads, size_t n_in, size_t n_out) {
  HashLayer layer = {n_in, n_out, std::vector<float>(n_heads * n_in * n_out),
                     std::vector<float>(n_heads * n_out)};
  for (size_t i = 0; i < layer.rows.size(); ++i) layer.rows[i] = SmallFloat(i, 1);
  for (size_t i = 0; i < layer.bias.size(); ++i) layer.bias[i] = SmallFloat(i, 2);
  return layer;
}

size_t ReadHeads(Bytes* bytes, const Shape& shape) {
  const size_t n_kv_heads = shape.n_kv_heads;
  const size_t choices[] = {n_kv_heads, n_kv_heads * shape.group_size, 3};
  return choices[bytes->UpTo(2)];
}

std::shared_ptr<const HashWeights> ReadHash(Bytes* bytes, const Shape& shape) {
  if (bytes->UpTo(15) == 0) return nullptr;
  auto weights = std::make_shared<HashWeights>();
  weights->activation = static_cast<Activation>(bytes->UpTo(3));
  weights->layers.resize(bytes->UpTo(15) == 0 ? 1 : kLayers);
  const size_t n_bits = 1 + bytes->UpTo(130);
  const size_t n_hidden = 1 + bytes->UpTo(9);
  const size_t n_in = bytes->UpTo(15) == 0 ? shape.head_dim + 1 : shape.head_dim;
  for (HashOfLayer& layer : weights->layers) {
    layer.n_heads = ReadHeads(bytes, shape);
    layer.query = {MakeHashLayer(layer.n_heads, n_in, n_hidden),
                   MakeHashLayer(layer.n_heads, n_hidden, n_bits)};
    layer.key = {MakeHashLayer(layer.n_heads, n_in, n_bits)};
  }
  return weights;
}

std::shared_ptr<const ChannelLists> ReadChannels(Bytes* bytes, const Shape& shape) {
  if (bytes->UpTo(15) == 0) return nullptr;
  auto lists = std::make_shared<ChannelLists>();
  lists->layers.resize(bytes->UpTo(15) == 0 ? 1 : kLayers);
  const uint32_t turn = bytes->UpTo(255);
  for (ChannelsOfLayer& layer : lists->layers) {
    layer.n_heads = ReadHeads(bytes, shape);
    layer.order.resize(layer.n_heads * shape.head_dim);
    for (size_t i = 0; i < layer.order.size(); ++i) {
      layer.order[i] = static_cast<uint32_t>((i + turn) % shape.head_dim);
    }
  }
  return lists;
}

MaskerConfig ReadMasker(Bytes* bytes, const Shape& shape) {
  MaskerConfig masker;
  masker.kind = static_cast<MaskerKind>(bytes->UpTo(static_cast<uint32_t>(MaskerKind::kMagicPig)));
  masker.size = ReadCount(bytes);
  switch (masker.kind) {
    case MaskerKind::kMagicPig:
      masker.lsh_l = bytes->UpTo(bytes->UpTo(31) == 0 ? 600 : 40);
      masker.lsh_k = bytes->UpTo(17);
      masker.min_matches = bytes->UpTo(3);
      masker.center = bytes->Flag();
      masker.packing = bytes->Flag() ? LshPacking::kInt64 : LshPacking::kFloat32;
      break;
    case MaskerKind::kTopP:
      masker.top_p = ReadShare(bytes);
      break;
    case MaskerKind::kQuest:
      masker.page_size = bytes->UpTo(40);
      masker.label_bits = bytes->UpTo(17);
      break;
    case MaskerKind::kDoubleSparsity:
      masker.group_factor = bytes->UpTo(50);
      masker.label_bits = bytes->UpTo(17);
      masker.channels = ReadChannels(bytes, shape);
      break;
    case MaskerKind::kHashTopK:
      masker.hash = ReadHash(bytes, shape);
      break;
    default:
      masker.sampling_rate = ReadShare(bytes);
      masker.epsilon = ReadShare(bytes);
      masker.delta = ReadShare(bytes);
      masker.init_offset = ReadCount(bytes);
      masker.local_offset = ReadCount(bytes);
  }
  return masker;
}

ChainConfig ReadChain(Bytes* bytes, const Shape& shape) {
  ChainConfig chain;
  chain.semantics = bytes->UpTo(15) == 0 ? Semantics::kHub : Semantics::kExact;
  chain.share = static_cast<Share>(bytes->UpTo(2));
  chain.seed = bytes->Word();
  const size_t n = bytes->UpTo(4);
  for (size_t i = 0; i < n; ++i) chain.maskers.push_back(ReadMasker(bytes, shape));
  return chain;
}

Shape ReadShape(Bytes* bytes) {
  static constexpr Isa kIsas[] = {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon};
  Shape shape;
  shape.n_kv_heads = 1 + bytes->UpTo(2);
  shape.group_size = 1 + bytes->UpTo(5);
  shape.head_dim = 1 + bytes->UpTo(70);
  shape.n_kv = 1 + bytes->UpTo(300);
  shape.n_base = bytes->UpTo(static_cast<uint32_t>(shape.n_kv));
  shape.n_q = bytes->UpTo(40) % (shape.n_kv + 1);  // 0 is refused
  shape.dtype = static_cast<Dtype>(bytes->UpTo(2));
  shape.isa = kIsas[bytes->UpTo(3)];
  if (!SupportsIsa(shape.isa)) shape.isa = BestIsa();
  return shape;
}

/// Numbers of one kind: spread, all equal, few values, mostly zero, large.
std::vector<float> ReadFloats(Bytes* bytes, size_t n) {
  const uint32_t kind = bytes->UpTo(4);
  const uint64_t seed = bytes->Next();
  std::vector<float> floats(n);
  for (size_t i = 0; i < n; ++i) {
    const float x = SmallFloat(i, seed);
    const float of_kind[] = {x, 0.25f, std::floor(x * 2), x > 0.9f ? x : 0.0f, x * 60000.0f};
    floats[i] = of_kind[kind];
  }
  return floats;
}

/// Rows in `dtype` in a block of exactly their size, so that a read beyond it is seen.
std::unique_ptr<uint8_t[]> Store(const std::vector<float>& floats, Dtype dtype) {
  std::unique_ptr<uint8_t[]> stored(new uint8_t[floats.size() * DtypeBytes(dtype)]);
  WithElement(dtype, [&](auto type) {
    using T = decltype(type);
    for (size_t i = 0; i < floats.size(); ++i) {
      const T element = FromFloat<T>(floats[i]);
      std::memcpy(stored.get() + i * sizeof element, &element, sizeof element);
    }
  });
  return stored;
}

void CheckMask(const MaskRecord& mask, size_t n_rows, size_t n_kv) {
  SPARSETUNE_CHECK(mask.indptr.size() == n_rows + 1);
  SPARSETUNE_CHECK(mask.indptr.back() == mask.indices.size());
  SPARSETUNE_CHECK(mask.probs.size() == mask.indices.size());
  for (size_t row = 0; row < n_rows; ++row) {
    for (size_t i = mask.indptr[row]; i < mask.indptr[row + 1]; ++i) {
      SPARSETUNE_CHECK(mask.indices[i] < n_kv);
      SPARSETUNE_CHECK(i == mask.indptr[row] || mask.indices[i - 1] < mask.indices[i]);
      SPARSETUNE_CHECK(mask.probs[i] > 0 && mask.probs[i] <= 1);
    }
  }
}

void CheckExact(const GroupStats& stats, const MaskRecord& mask, const std::vector<float>& output,
                const Shape& shape, size_t n_heads) {
  SPARSETUNE_CHECK(stats.rows == n_heads * shape.n_q);
  SPARSETUNE_CHECK(stats.attended <= stats.visible && stats.attended >= stats.rows);
  CheckMask(mask, n_heads * shape.n_q, shape.n_kv);
  SPARSETUNE_CHECK(mask.indices.size() == stats.attended);
  for (const float x : output) SPARSETUNE_CHECK(std::isfinite(x));
}

/// An index of the base, and a child of it that grows in steps.
std::unique_ptr<KeyIndex> BuildIndex(Bytes* bytes, const ChainConfig& chain,
                                     const GroupInput& input, Isa isa, Status* status) {
  auto parent = std::make_shared<KeyIndex>(chain, input.layer, input.kv.head_dim);
  KvView seen = input.kv;
  seen.tail.n_kv = 0;
  *status = parent->Extend(seen, isa);
  auto child = std::make_unique<KeyIndex>(parent);
  while (*status == Status::kOk && seen.tail.n_kv < input.kv.tail.n_kv) {
    seen.tail.n_kv = std::min<size_t>(seen.tail.n_kv + 1 + bytes->UpTo(90), input.kv.tail.n_kv);
    *status = child->Extend(seen, isa);
  }
  return child;
}

void RunGroup(Bytes* bytes, const ChainConfig& chain, const Shape& shape) {
  const size_t head_dim = shape.head_dim;
  const auto queries = ReadFloats(bytes, shape.group_size * shape.n_q * head_dim);
  std::unique_ptr<uint8_t[]> pieces[2][2];
  for (size_t tail = 0; tail < 2; ++tail) {
    const size_t n = tail == 0 ? shape.n_base : shape.n_kv - shape.n_base;
    for (auto& rows : pieces[tail]) rows = Store(ReadFloats(bytes, n * head_dim), shape.dtype);
  }
  GroupInput input;
  input.kv = {shape.dtype,
              head_dim,
              {pieces[0][0].get(), pieces[0][1].get(), shape.n_base},
              {pieces[1][0].get(), pieces[1][1].get(), shape.n_kv - shape.n_base}};
  input.queries = queries.data();
  input.head_stride = shape.n_q * head_dim;
  input.query_stride = head_dim;
  input.group_size = shape.group_size;
  input.n_q = shape.n_q;
  input.scale = static_cast<float>(bytes->Next()) / 128;
  input.window = bytes->UpTo(3) == 0 ? bytes->UpTo(50) : 0;
  input.layer = bytes->UpTo(kLayers - 1);
  input.kv_head = bytes->UpTo(2);
  Scratch scratch;
  GroupStats stats;
  MaskRecord mask;
  std::vector<float> output(shape.group_size * shape.n_q * head_dim);
  std::unique_ptr<KeyIndex> index;
  const Status checked = CheckChain(chain);
  Status indexed = Status::kOk;
  if (checked == Status::kOk && NeedsIndex(chain)) {
    index = BuildIndex(bytes, chain, input, shape.isa, &indexed);
  }
  if (indexed != Status::kOk) return;
  const Status status = AttendGroup(chain, input, index.get(), shape.isa, &scratch, output.data(),
                                    input.head_stride, input.query_stride, &stats, &mask);
  if (checked != Status::kOk) SPARSETUNE_CHECK(status == checked);
  if (status != Status::kOk) return;
  CheckExact(stats, mask, output, shape, shape.group_size);
}

void RunForward(Bytes* bytes, const ChainConfig& chain, const Shape& shape) {
  const size_t n_heads = shape.n_kv_heads * shape.group_size;
  KvCache cache({shape.n_kv_heads, shape.head_dim, shape.dtype, shape.n_kv});
  const size_t steps[] = {shape.n_base, shape.n_kv - shape.n_base};
  ForwardInput input;
  input.chain = chain;
  input.n_q_heads = n_heads;
  input.n_q = shape.n_q;
  input.scale = static_cast<float>(bytes->Next()) / 128;
  input.layer = bytes->UpTo(kLayers - 1);
  input.isa = shape.isa;
  input.wants_mask = bytes->Flag();
  input.n_threads = 1 + bytes->UpTo(3);
  const auto queries = ReadFloats(bytes, n_heads * shape.n_q * shape.head_dim);
  input.queries = queries.data();
  for (const size_t n : steps) {
    const size_t n_floats = shape.n_kv_heads * n * shape.head_dim;
    const auto keys = ReadFloats(bytes, n_floats);
    const auto values = ReadFloats(bytes, n_floats);
    SPARSETUNE_CHECK(cache.Append(keys.data(), values.data(), n) == Status::kOk);
    ForwardOutput result;
    const Status status = cache.Forward(input, &result);
    if (status != Status::kOk || n < shape.n_kv - shape.n_base) continue;
    SPARSETUNE_CHECK(result.output.size() == queries.size());
    if (input.wants_mask && chain.semantics == Semantics::kExact && cache.n_kv() == shape.n_kv) {
      CheckExact(result.stats, result.mask, result.output, shape, n_heads);
    }
  }
}

}  // namespace
}  // namespace sparsetune::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sparsetune::fuzz;
  Bytes bytes(data, size);
  const bool is_group = bytes.Flag();
  const Shape shape = ReadShape(&bytes);
  const sparsetune::ChainConfig chain = ReadChain(&bytes, shape);
  if (is_group) {
    RunGroup(&bytes, chain, shape);
  } else {
    RunForward(&bytes, chain, shape);
  }
  return 0;
}
