#include "llama/decode_stream.h"

#include <cstring>

namespace sparsetune::llama {

DecodeStream::DecodeStream(std::shared_ptr<const Model> model, std::shared_ptr<KvSnapshot> snapshot,
                           ChainConfig chain, size_t capacity)
    : model_(std::move(model)),
      snapshot_(std::move(snapshot)),
      chain_(std::move(chain)),
      capacity_(capacity) {
  if (chain_.semantics != Semantics::kExact) {
    throw EngineFailure("ERR_CONFIG",
                        "The engine runs configs of semantics \"exact\" only; \"hub\" is for "
                        "comparing single attention calls");
  }
  size_t elements = 0;
  for (const LayerGeometry& layer : model_->layers()) {
    layer_offset_.push_back(elements);
    elements +=
        2 * static_cast<size_t>(layer.n_kv_heads) * capacity_ * static_cast<size_t>(layer.head_dim);
  }
  n_elements_ = elements;
  tail_.reset(new uint16_t[elements]);
  is_on_device_.resize(model_->layers().size());
}

bool DecodeStream::IsSparse(size_t layer) const { return model_->layers()[layer].window == 0; }

size_t DecodeStream::TailOffset(size_t layer, size_t kv_head) const {
  return layer_offset_[layer] +
         kv_head * capacity_ * static_cast<size_t>(model_->layers()[layer].head_dim);
}

void DecodeStream::Truncate(size_t n_tail) {
  if (n_tail >= n_tail_) return;
  n_tail_ = n_tail;
  tail_index_.clear();  // PrepareIndex starts it again from the context's index
}

void DecodeStream::PrepareIndex(Isa isa, int n_threads) {
  if (!NeedsIndex(chain_) || !tail_index_.empty()) return;
  if (context_index_ == nullptr) context_index_ = snapshot_->IndexFor(chain_, isa, n_threads);
  tail_index_.resize(context_index_->size());
  for (size_t layer = 0; layer < tail_index_.size(); ++layer) {
    if (!IsSparse(layer)) continue;
    for (size_t head = 0; head < (*context_index_)[layer].size(); ++head) {
      tail_index_[layer].push_back(std::make_unique<KeyIndex>((*context_index_)[layer][head]));
    }
  }
}

Status DecodeStream::BringToDevice(size_t layer) {
  if (device_tail_ == nullptr) device_tail_ = device::AllocateOnDevice(n_elements_ * 2);
  if (device_tail_ == nullptr) return Status::kOutOfMemory;
  is_on_device_[layer] = true;
  return Status::kOk;
}

device::Tail DecodeStream::DeviceTail(size_t layer) const {
  return {static_cast<uint16_t*>(device_tail_.get()) + layer_offset_[layer], capacity_, n_tail_};
}

Status DecodeStream::BringToHost(size_t layer) {
  if (!is_on_device_[layer]) return Status::kOk;
  const LayerGeometry& geometry = model_->layers()[layer];
  const auto head_dim = static_cast<size_t>(geometry.head_dim);
  const auto n_kv_heads = static_cast<size_t>(geometry.n_kv_heads);
  const auto* from = static_cast<const uint16_t*>(DeviceTail(layer).memory);
  uint16_t* to = tail_.get() + layer_offset_[layer];
  const size_t block = n_kv_heads * capacity_ * head_dim;  // keys, or values
  std::vector<uint16_t> rows(n_tail_ * n_kv_heads * head_dim);
  for (size_t i = 0; i < 2 && n_tail_ > 0; ++i, from += block, to += block) {
    const Status status = device::CopyToHost(rows.data(), from, rows.size() * 2);
    if (status != Status::kOk) return status;
    const uint16_t* row = rows.data();
    for (size_t token = 0; token < n_tail_; ++token) {
      for (size_t head = 0; head < n_kv_heads; ++head, row += head_dim) {
        std::memcpy(to + (head * capacity_ + token) * head_dim, row, head_dim * 2);
      }
    }
  }
  is_on_device_[layer] = false;
  return Status::kOk;
}

Status DecodeStream::AppendTail(size_t layer, size_t kv_head, const HostRows& keys,
                                const HostRows& values, size_t column, size_t n, Isa isa) {
  const LayerGeometry& geometry = model_->layers()[layer];
  const auto head_dim = static_cast<size_t>(geometry.head_dim);
  const size_t value_offset = static_cast<size_t>(geometry.n_kv_heads) * capacity_ * head_dim;
  uint16_t* out = tail_.get() + TailOffset(layer, kv_head) + n_tail_ * head_dim;
  for (size_t i = 0; i < n; ++i, out += head_dim) {
    std::memcpy(out, keys.Row(column + i, kv_head), head_dim * 2);
    std::memcpy(out + value_offset, values.Row(column + i, kv_head), head_dim * 2);
  }
  if (tail_index_.empty() || tail_index_[layer].empty()) return Status::kOk;
  return tail_index_[layer][kv_head]->Extend(View(layer, kv_head, n), isa);
}

KvView DecodeStream::View(size_t layer, size_t kv_head, size_t n_new) const {
  const LayerGeometry& geometry = model_->layers()[layer];
  const auto head_dim = static_cast<size_t>(geometry.head_dim);
  const uint16_t* keys = tail_.get() + TailOffset(layer, kv_head);
  const uint16_t* values = keys + static_cast<size_t>(geometry.n_kv_heads) * capacity_ * head_dim;
  return {Dtype::kF16, head_dim, snapshot_->Piece(layer, kv_head), {keys, values, n_tail_ + n_new}};
}

const KeyIndex* DecodeStream::Index(size_t layer, size_t kv_head) const {
  if (tail_index_.empty() || tail_index_[layer].empty()) return nullptr;
  return tail_index_[layer][kv_head].get();
}

}  // namespace sparsetune::llama
