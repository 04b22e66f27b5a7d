#include "maskers/selection.h"

#include <algorithm>
#include <utility>

namespace sparsetune {
namespace {

/// Leaves [begin, end) of a list.
template <typename T>
void Cut(ptrdiff_t begin, ptrdiff_t end, std::vector<T>* list) {
  list->erase(list->begin() + end, list->end());
  list->erase(list->begin(), list->begin() + begin);
}

}  // namespace

void HeadKeys::Clear() {
  indices.clear();
  log_weights.clear();
  scores.clear();
}

void HeadKeys::Merge(const AddedKeys& added, HeadKeys* spare) {
  const bool is_scored = has_scores() && added.scores != nullptr;
  if (indices.empty()) {
    indices = added.keys;
    log_weights.assign(indices.size(), 0.0f);
    if (added.log_weights != nullptr) {
      log_weights.assign(added.log_weights, added.log_weights + indices.size());
    }
    if (is_scored) scores.assign(added.scores, added.scores + indices.size());
    return;
  }
  const size_t n = indices.size() + added.keys.size();
  spare->indices.resize(n);
  spare->log_weights.resize(n);
  spare->scores.resize(is_scored ? n : 0);
  size_t at = 0;
  size_t to = 0;
  const auto keep_until = [&](size_t end) {
    for (; at < end; ++at, ++to) {
      spare->indices[to] = indices[at];
      spare->log_weights[to] = log_weights[at];
      if (is_scored) spare->scores[to] = scores[at];
    }
  };
  for (size_t i = 0; i < added.keys.size(); ++i, ++to) {
    size_t end = at;
    while (end < indices.size() && indices[end] < added.keys[i]) ++end;
    keep_until(end);
    spare->indices[to] = added.keys[i];
    spare->log_weights[to] = added.log_weights == nullptr ? 0.0f : added.log_weights[i];
    if (is_scored) spare->scores[to] = added.scores[i];
  }
  keep_until(indices.size());
  std::swap(indices, spare->indices);
  std::swap(log_weights, spare->log_weights);
  std::swap(scores, spare->scores);
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
    if (!head.indices.empty()) continue;
    head.indices.push_back(static_cast<uint32_t>(n_visible - 1));
    head.log_weights.push_back(0.0f);
  }
}

void Selection::DropOutside() {
  for (HeadKeys& head : heads) {
    const auto& indices = head.indices;
    const auto first = std::lower_bound(indices.begin(), indices.end(), sink_end);
    const auto last = std::lower_bound(first, indices.end(), local_begin);
    const auto begin = first - indices.begin();
    const auto end = last - indices.begin();
    if (head.has_scores()) Cut(begin, end, &head.scores);
    Cut(begin, end, &head.log_weights);
    Cut(begin, end, &head.indices);
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
