#include "maskers/selection.h"

#include <algorithm>
#include <utility>

namespace sparsetune {

void HeadKeys::Clear() {
  indices.clear();
  log_weights.clear();
}

void HeadKeys::Add(size_t key, float log_weight) {
  indices.push_back(static_cast<uint32_t>(key));
  log_weights.push_back(log_weight);
}

void HeadKeys::Merge(const std::vector<uint32_t>& keys, const float* weights, HeadKeys* spare) {
  if (indices.empty()) {
    indices.assign(keys.begin(), keys.end());
    log_weights.assign(keys.size(), 0.0f);
    if (weights != nullptr) std::copy_n(weights, keys.size(), log_weights.begin());
    return;
  }
  spare->Clear();
  size_t at = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    for (; at < indices.size() && indices[at] < keys[i]; ++at) {
      spare->Add(indices[at], log_weights[at]);
    }
    spare->Add(keys[i], weights == nullptr ? 0.0f : weights[i]);
  }
  for (; at < indices.size(); ++at) spare->Add(indices[at], log_weights[at]);
  std::swap(indices, spare->indices);
  std::swap(log_weights, spare->log_weights);
}

void Matches::Clear() {
  keys.clear();
  norms.clear();
}

void Selection::Reset(size_t n_heads, size_t visible) {
  n_visible = visible;
  sink_end = 0;
  local_begin = visible;
  scored_begin = 0;
  scored_end = 0;
  read_bits.clear();
  index_bytes = 0;
  heads.resize(n_heads);
  for (HeadKeys& head : heads) head.Clear();
}

void Selection::KeepFirst(size_t end) {
  sink_end = std::min(std::max(sink_end, end), n_visible);
  local_begin = std::max(local_begin, sink_end);
  DropOutside();
}

void Selection::KeepLast(size_t begin) {
  local_begin = std::max(std::min(local_begin, begin), sink_end);
  DropOutside();
}

void Selection::NoteRead(const std::vector<uint32_t>& keys) {
  read_bits.resize((n_visible + 63) / 64);
  for (const uint32_t key : keys) read_bits[key / 64] |= uint64_t{1} << key % 64;
}

void Selection::KeepOwnWhereEmpty() {
  if (sink_end > 0 || local_begin < n_visible) return;
  for (HeadKeys& head : heads) {
    if (head.indices.empty()) head.Add(n_visible - 1, 0.0f);
  }
}

void Selection::DropOutside() {
  for (HeadKeys& head : heads) {
    auto& indices = head.indices;
    const auto end = std::lower_bound(indices.begin(), indices.end(), local_begin);
    head.log_weights.resize(static_cast<size_t>(end - indices.begin()));
    indices.erase(end, indices.end());
    const auto begin = std::lower_bound(indices.begin(), indices.end(), sink_end);
    head.log_weights.erase(head.log_weights.begin(),
                           head.log_weights.begin() + (begin - indices.begin()));
    indices.erase(indices.begin(), begin);
  }
}

size_t CountKeys(const KeyCount& count, size_t n_visible) {
  const auto visible = static_cast<double>(n_visible);
  if (!count.is_fraction) return static_cast<size_t>(std::min(count.value, visible));
  const auto n = static_cast<size_t>(count.value * visible);
  return std::min(std::max<size_t>(n, 1), n_visible);
}

Status ApplySink(const MaskerConfig& masker, Selection* selection) {
  selection->KeepFirst(CountKeys(masker.size, selection->n_visible));
  return Status::kOk;
}

Status ApplyLocal(const MaskerConfig& masker, Selection* selection) {
  selection->KeepLast(selection->n_visible - CountKeys(masker.size, selection->n_visible));
  return Status::kOk;
}

}  // namespace sparsetune
