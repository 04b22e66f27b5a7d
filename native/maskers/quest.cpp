#include <algorithm>
#include <limits>

#include "kernels/pages/pages.h"
#include "kernels/top_k/top_k.h"
#include "maskers/group_scores.h"
#include "maskers/page_state.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// Pages [begin, end), and the keys among theirs that can be chosen.
struct Pages {
  size_t begin = 0;
  size_t end = 0;
  size_t page_size = 0;
  size_t first_key = 0;
  size_t end_key = 0;

  size_t n() const { return end - begin; }
  size_t KeysBegin(size_t page) const { return std::max((begin + page) * page_size, first_key); }
  size_t KeysEnd(size_t page) const { return std::min((begin + page + 1) * page_size, end_key); }
};

/// Scores of all pages for all heads into buffers->scores, [group_size, pages.n()].
Status ScorePages(const Pages& pages, const QueryGroup& group, Selection* selection) {
  const size_t n = pages.n();
  const size_t n_heads = selection->heads.size();
  group.buffers->scores.resize(n_heads * n);
  auto& split = group.buffers->gathered;
  split.resize(n_heads * 2 * group.input->kv.head_dim);
  const auto links = LinksOf<PageState>(*group.index, group.slot);
  for (size_t l = 0; l < links.size(); ++l) {
    const PageState& link = *links[l];
    // The next link has the newer bounds of a page that both know.
    const size_t link_end = l + 1 < links.size() ? links[l + 1]->first_page() : pages.end;
    const size_t begin = std::max(pages.begin, link.first_page());
    const size_t end = std::min(pages.end, link_end);
    if (begin >= end) continue;
    const uint8_t* bounds = link.bounds.data() + (begin - link.first_page()) * link.page_bytes();
    const Status status = PageScores(
        group.queries, n_heads, {bounds, link.dtype, link.head_dim, end - begin}, group.isa,
        split.data(), group.buffers->scores.data() + (begin - pages.begin), n);
    if (status != Status::kOk) return status;
    selection->index_bytes += (end - begin) * link.page_bytes();
  }
  return Status::kOk;
}

/// Keys of a page that `head` keeps already.
size_t CountKept(const Pages& pages, size_t page, const HeadKeys& head) {
  const auto begin =
      std::lower_bound(head.indices.begin(), head.indices.end(), pages.KeysBegin(page));
  const auto end = std::lower_bound(begin, head.indices.end(), pages.KeysEnd(page));
  return static_cast<size_t>(end - begin);
}

/// Keeps the best k of the pages that have a key to add.
Status KeepPages(const Pages& pages, size_t k, const QueryGroup& group, float* scores,
                 HeadKeys* head) {
  Scratch::Buffers& buffers = *group.buffers;
  size_t n_open = 0;
  for (size_t page = 0; page < pages.n(); ++page) {
    const size_t n_keys = pages.KeysEnd(page) - pages.KeysBegin(page);
    const bool is_open = CountKept(pages, page, *head) < n_keys;
    if (!is_open) scores[page] = -std::numeric_limits<float>::infinity();
    n_open += is_open ? 1 : 0;
  }
  if (n_open <= k) {  // nothing is left out, so nothing needs to be a sample
    KeepAll(pages.first_key, pages.end_key, head);
    return Status::kOk;
  }
  buffers.chosen.resize(k);
  const Status status = TopK(scores, pages.n(), k, group.isa, &buffers.room, buffers.chosen.data());
  if (status != Status::kOk) return status;
  buffers.candidates.clear();
  for (const uint32_t page : buffers.chosen) {
    for (size_t key = pages.KeysBegin(page); key < pages.KeysEnd(page); ++key) {
      if (!std::binary_search(head->indices.begin(), head->indices.end(), key)) {
        buffers.candidates.push_back(static_cast<uint32_t>(key));
      }
    }
  }
  head->Merge({buffers.candidates}, &buffers.merged);
  return Status::kOk;
}

}  // namespace

Status ApplyQuest(const MaskerConfig& masker, const QueryGroup& group, Selection* selection) {
  const size_t page_size = masker.page_size;
  // The bounds of the query's own page may know later keys; it is kept without asking them.
  selection->KeepLast((selection->n_visible - 1) / page_size * page_size);
  if (selection->sink_end >= selection->local_begin) return Status::kOk;
  const Pages pages = {selection->sink_end / page_size,
                       (selection->local_begin - 1) / page_size + 1, page_size, selection->sink_end,
                       selection->local_begin};
  const size_t k = std::max<size_t>(1, CountKeys(masker.size, selection->n_visible) / page_size);
  if (pages.n() <= k) {  // every key that is left, with no need to score them
    selection->KeepFirst(selection->local_begin);
    return Status::kOk;
  }
  Status status = ScorePages(pages, group, selection);
  for (size_t g = 0; g < selection->heads.size() && status == Status::kOk; ++g) {
    status = KeepPages(pages, k, group, group.buffers->scores.data() + g * pages.n(),
                       &selection->heads[g]);
  }
  return status;
}

}  // namespace sparsetune
