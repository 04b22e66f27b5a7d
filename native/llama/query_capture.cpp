#include "llama/query_capture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sparsetune::llama {
namespace {

struct Rows {
  float* out;
  size_t head_stride;
};

void CopyRows(const float* from, size_t head_stride, size_t query_stride, const GroupInput& input,
              const Rows& to) {
  const size_t head_dim = input.kv.head_dim;
  for (size_t g = 0; g < input.group_size; ++g) {
    for (size_t i = 0; i < input.n_q; ++i) {
      std::memcpy(to.out + g * to.head_stride + i * head_dim,
                  from + g * head_stride + i * query_stride, head_dim * sizeof(float));
    }
  }
}

}  // namespace

QueryCapture::QueryCapture(std::shared_ptr<const Model> model, std::shared_ptr<KvSnapshot> snapshot,
                           std::vector<int32_t> layers, size_t n_q)
    : model_(std::move(model)),
      snapshot_(std::move(snapshot)),
      layers_(std::move(layers)),
      n_q_(n_q) {
  for (const int32_t layer : layers_) {
    const LayerGeometry& geometry = model_->layers()[static_cast<size_t>(layer)];
    const size_t row = n_q_ * static_cast<size_t>(geometry.head_dim);
    Layer captured;
    captured.queries.resize(static_cast<size_t>(geometry.n_q_heads) * row);
    captured.outputs.resize(captured.queries.size());
    captured.keys.resize(static_cast<size_t>(geometry.n_kv_heads) * row);
    captured.values.resize(captured.keys.size());
    captured.n_stored.resize(static_cast<size_t>(geometry.n_kv_heads));
    captured_.push_back(std::move(captured));
  }
}

int QueryCapture::Slot(size_t layer) const {
  const auto found = std::find(layers_.begin(), layers_.end(), static_cast<int32_t>(layer));
  return found == layers_.end() ? -1 : static_cast<int>(found - layers_.begin());
}

void QueryCapture::Store(const DecodeStream& stream, size_t layer, size_t kv_head,
                         const GroupInput& input, const float* output, size_t out_head_stride,
                         size_t out_query_stride) {
  Layer& captured = captured_[static_cast<size_t>(Slot(layer))];
  const size_t head_dim = input.kv.head_dim;
  const size_t first = captured.n_stored[kv_head];
  const size_t head_stride = n_q_ * head_dim;
  const size_t offset = kv_head * input.group_size * head_stride + first * head_dim;
  CopyRows(input.queries, input.head_stride, input.query_stride, input,
           {captured.queries.data() + offset, head_stride});
  CopyRows(output, out_head_stride, out_query_stride, input,
           {captured.outputs.data() + offset, head_stride});
  const KvPiece tail = stream.View(layer, kv_head, input.n_q).tail;
  const size_t from = stream.n_tail() * head_dim;
  const size_t bytes = input.n_q * head_dim * sizeof(uint16_t);
  const size_t to = kv_head * head_stride + first * head_dim;
  std::memcpy(captured.keys.data() + to, static_cast<const uint16_t*>(tail.keys) + from, bytes);
  std::memcpy(captured.values.data() + to, static_cast<const uint16_t*>(tail.values) + from, bytes);
  captured.n_stored[kv_head] += input.n_q;
}

double QueryCapture::LayerError(size_t slot, const ChainConfig& chain, const SnapshotIndex* index,
                                Isa isa) const {
  const Layer& captured = captured_[slot];
  const auto layer = static_cast<size_t>(layers_[slot]);
  const LayerGeometry& geometry = model_->layers()[layer];
  const auto head_dim = static_cast<size_t>(geometry.head_dim);
  const auto group_size = static_cast<size_t>(geometry.n_q_heads / geometry.n_kv_heads);
  const size_t head_stride = n_q_ * head_dim;
  std::vector<float> sparse(group_size * head_stride);
  Scratch scratch;
  double error = 0;
  double norm = 0;
  for (size_t head = 0; head < static_cast<size_t>(geometry.n_kv_heads); ++head) {
    GroupInput input;
    input.kv = {Dtype::kF16,
                head_dim,
                snapshot_->Piece(layer, head),
                {captured.keys.data() + head * head_stride,
                 captured.values.data() + head * head_stride, n_q_}};
    input.queries = captured.queries.data() + head * group_size * head_stride;
    input.head_stride = head_stride;
    input.query_stride = head_dim;
    input.group_size = group_size;
    input.n_q = n_q_;
    input.scale = geometry.scale;
    input.layer = static_cast<uint32_t>(layer);
    input.kv_head = static_cast<uint32_t>(head);
    std::unique_ptr<KeyIndex> keys;
    if (index != nullptr) {
      keys = std::make_unique<KeyIndex>((*index)[layer][head]);
      if (keys->Extend(input.kv, isa) != Status::kOk) {
        throw EngineFailure("ERR_ENGINE", "There is no memory for the key index of a config");
      }
    }
    GroupStats stats;
    const Status status = AttendGroup(chain, input, keys.get(), isa, &scratch, sparse.data(),
                                      head_stride, head_dim, &stats, nullptr);
    if (status != Status::kOk) throw EngineFailure("ERR_CONFIG", "The config cannot run");
    const float* dense = captured.outputs.data() + head * group_size * head_stride;
    for (size_t i = 0; i < sparse.size(); ++i) {
      const double difference = static_cast<double>(sparse[i]) - dense[i];
      error += difference * difference;
      norm += static_cast<double>(dense[i]) * dense[i];
    }
  }
  return norm == 0 ? 0 : std::sqrt(error / norm);
}

std::vector<double> QueryCapture::OutputErrors(const ChainConfig& chain, Isa isa,
                                               int n_threads) const {
  std::shared_ptr<const SnapshotIndex> index;
  if (NeedsIndex(chain)) index = snapshot_->IndexFor(chain, isa, n_threads);
  std::vector<double> errors;
  for (size_t slot = 0; slot < layers_.size(); ++slot) {
    errors.push_back(LayerError(slot, chain, index.get(), isa));
  }
  return errors;
}

}  // namespace sparsetune::llama
