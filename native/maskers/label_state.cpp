#include "maskers/label_state.h"

#include <algorithm>

#include "core/element.h"
#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

template <typename T>
void Pick(const void* row, const std::vector<uint32_t>& channels, std::vector<uint8_t>* labels) {
  const size_t at = labels->size();
  labels->resize(at + channels.size() * sizeof(T));
  T* label = reinterpret_cast<T*>(labels->data() + at);
  for (size_t i = 0; i < channels.size(); ++i) label[i] = static_cast<const T*>(row)[channels[i]];
}

}  // namespace

LabelState::LabelState(const MaskerConfig& masker, uint32_t layer, size_t dim, HeadPlace place)
    : head_dim(dim), n_channels(std::max<size_t>(1, dim / masker.group_factor)) {
  const ChannelsOfLayer* channels =
      masker.channels == nullptr ? nullptr : masker.channels->Of(layer);
  if (channels == nullptr || channels->n_heads % place.n_kv_heads != 0 ||
      channels->order.size() != channels->n_heads * dim) {
    return;
  }
  const size_t n_lists = channels->n_heads / place.n_kv_heads;
  for (size_t i = 0; i < n_lists; ++i) {
    const uint32_t* order = channels->order.data() + (place.kv_head * n_lists + i) * dim;
    lists.emplace_back(order, order + n_channels);
  }
  labels.resize(n_lists);
}

std::unique_ptr<KeyState> LabelState::Continue() const {
  std::unique_ptr<LabelState> next(new LabelState());
  next->head_dim = head_dim;
  next->n_channels = n_channels;
  next->dtype = dtype;
  next->lists = lists;
  next->labels.resize(lists.size());
  return next;
}

Status LabelState::Extend(const KvView& kv, Isa /*isa*/) {
  if (lists.empty()) return Status::kInvalidShape;
  dtype = kv.dtype;
  for (; first + n < kv.n_kv(); ++n) {
    const void* row = KeyRow(kv, first + n);
    for (size_t i = 0; i < lists.size(); ++i) {
      labels[i].resize(n * label_bytes());  // an attempt that ran out of memory may have left more
      WithElement(dtype, [&](auto type) { Pick<decltype(type)>(row, lists[i], &labels[i]); });
    }
  }
  return Status::kOk;
}

size_t LabelState::bytes() const {
  size_t bytes = 0;
  for (const auto& list : labels) bytes += list.capacity();
  return bytes;
}

}  // namespace sparsetune
