#include "simt/chain_cases.h"

#include <cmath>
#include <memory>

#include "native/kernels/inputs.h"
#include "native/kernels/testing.h"

namespace simt {

using sparsetune::Dtype;
using sparsetune::ForwardInput;
using sparsetune::ForwardOutput;
using sparsetune::LayerCache;
using sparsetune::MaskerConfig;
using sparsetune::MaskerKind;
using sparsetune::Status;
using sparsetune::testing::Expect;
using sparsetune::testing::Normals;
using sparsetune::testing::Text;

namespace {

constexpr size_t kPositions = 2;

/// Keys [begin, end) of each head, of [n_kv_heads, n, head_dim].
std::vector<float> Cut(const std::vector<float>& rows, const LayerCache::Shape& shape, size_t begin,
                       size_t end) {
  const size_t per_head = rows.size() / shape.n_kv_heads;
  std::vector<float> cut;
  for (size_t head = 0; head < shape.n_kv_heads; ++head) {
    const auto first = rows.begin() + static_cast<ptrdiff_t>(head * per_head);
    cut.insert(cut.end(), first + static_cast<ptrdiff_t>(begin * shape.head_dim),
               first + static_cast<ptrdiff_t>(end * shape.head_dim));
  }
  return cut;
}

sparsetune::HashLayer DenseLayer(size_t n_heads, size_t n_in, size_t n_out, uint32_t seed) {
  return {n_in, n_out, Normals(n_heads * n_out * n_in, seed), Normals(n_heads * n_out, seed + 1)};
}

double Worst(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double error = std::abs(static_cast<double>(a[i]) - b[i]);
    worst = error <= worst ? worst : error;
  }
  return worst;
}

}  // namespace

MaskerConfig Masker(MaskerKind kind, double size, bool is_fraction) {
  MaskerConfig masker;
  masker.kind = kind;
  masker.size = {is_fraction, size};
  masker.page_size = 16;
  masker.sampling_rate = 0.1;
  masker.epsilon = 0.2;
  masker.delta = 0.2;
  masker.lsh_l = 12;
  masker.lsh_k = 4;
  return masker;
}

MaskerConfig Int8TopK(double size) {
  MaskerConfig masker = Masker(MaskerKind::kTopK, size);
  masker.score_dtype = sparsetune::ScoreDtype::kInt8;
  return masker;
}

MaskerConfig TopP(double share) {
  MaskerConfig masker = Masker(MaskerKind::kTopP, 1);
  masker.top_p = share;
  return masker;
}

MaskerConfig HashTopK(double size, size_t n_heads, size_t head_dim, size_t hidden, size_t n_bits) {
  auto weights = std::make_shared<sparsetune::HashWeights>();
  weights->layers.resize(kChainLayer + 1);
  weights->layers[kChainLayer] = {
      n_heads,
      {DenseLayer(n_heads, head_dim, hidden, 11), DenseLayer(n_heads, hidden, n_bits, 13)},
      {DenseLayer(n_heads, head_dim, hidden, 15), DenseLayer(n_heads, hidden, n_bits, 17)}};
  MaskerConfig masker = Masker(MaskerKind::kHashTopK, size);
  masker.hash = weights;
  return masker;
}

MaskerConfig DoubleSparsity(double size, size_t n_heads, size_t head_dim, uint32_t group_factor) {
  auto lists = std::make_shared<sparsetune::ChannelLists>();
  lists->layers.resize(kChainLayer + 1);
  lists->layers[kChainLayer].n_heads = n_heads;
  for (size_t head = 0; head < n_heads; ++head) {
    for (size_t i = 0; i < head_dim; ++i) {
      lists->layers[kChainLayer].order.push_back(static_cast<uint32_t>((i * 7 + head) % head_dim));
    }
  }
  MaskerConfig masker = Masker(MaskerKind::kDoubleSparsity, size);
  masker.channels = lists;
  masker.group_factor = group_factor;
  return masker;
}

ChainInputs::ChainInputs(const ChainCase& chain_case)
    : shape(chain_case.shape),
      keys(Normals(shape.n_kv_heads * chain_case.n_keys * shape.head_dim, 1)),
      values(Normals(keys.size(), 2)),
      queries(Normals(shape.n_kv_heads * chain_case.group_size * kPositions * shape.head_dim, 3)) {
  forward.chain.maskers = chain_case.maskers;
  forward.chain.seed = 11;
  forward.queries = queries.data();
  forward.n_q_heads = shape.n_kv_heads * chain_case.group_size;
  forward.n_q = kPositions;
  forward.scale = 0.125f;
  forward.layer = kChainLayer;
  forward.isa = sparsetune::BestIsa();
  forward.wants_mask = true;
}

Status ChainInputs::AppendTo(LayerCache* cache, size_t begin, size_t end) const {
  return cache->Append(Cut(keys, shape, begin, end).data(), Cut(values, shape, begin, end).data(),
                       end - begin);
}

ForwardOutput Run(LayerCache* cache, const ForwardInput& input) {
  ForwardOutput output;
  const Status status = cache->Forward(input, &output);
  Expect(status == Status::kOk, Text("status ", static_cast<int>(status)));
  return output;
}

void ExpectSame(const ForwardOutput& found, const ForwardOutput& expected) {
  Expect(found.mask.indptr == expected.mask.indptr, "rows of the mask");
  Expect(found.mask.indices == expected.mask.indices, "keys of the mask");
  const double probs = Worst(found.mask.probs, expected.mask.probs);
  Expect(probs <= 2e-4, Text("error of the probabilities ", probs));
  const double error = Worst(found.output, expected.output);
  Expect(error <= 2e-5, Text("error of the output ", error));
  Expect(found.stats.attended == expected.stats.attended, "attended");
  Expect(found.stats.visible == expected.stats.visible, "visible");
  Expect(found.stats.rows == expected.stats.rows, "rows");
  Expect(std::abs(found.stats.density_sum - expected.stats.density_sum) < 1e-9, "density");
  Expect(found.stats.bytes_read == expected.stats.bytes_read,
         Text("bytes read ", found.stats.bytes_read, " of ", expected.stats.bytes_read));
}

}  // namespace simt
