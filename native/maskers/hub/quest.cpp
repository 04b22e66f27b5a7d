#include <algorithm>
#include <limits>

#include "maskers/hub/hub.h"

namespace sparsetune {
namespace {

/// The smallest and the largest element of each channel over the keys of a page.
struct Bounds {
  std::vector<float> low;
  std::vector<float> high;
};

std::vector<Bounds> PageBounds(const MaskerConfig& masker, const HubInput& input, size_t head) {
  std::vector<Bounds> pages;
  for (size_t j = 0; j < input.n_kv; ++j) {
    const float* key = &input.keys[head][j * input.head_dim];
    if (j % masker.page_size == 0) {
      pages.push_back({{key, key + input.head_dim}, {key, key + input.head_dim}});
    }
    for (size_t i = 0; i < input.head_dim; ++i) {
      pages.back().low[i] = std::min(pages.back().low[i], key[i]);
      pages.back().high[i] = std::max(pages.back().high[i], key[i]);
    }
  }
  for (Bounds& page : pages) {
    HubQuantise(masker.label_bits, &page.low);
    HubQuantise(masker.label_bits, &page.high);
  }
  return pages;
}

float PageScore(const float* query, const Bounds& page) {
  double sum = 0;
  for (size_t i = 0; i < page.low.size(); ++i) {
    sum += std::max(static_cast<double>(query[i]) * page.low[i],
                    static_cast<double>(query[i]) * page.high[i]);
  }
  return static_cast<float>(sum);
}

/// A page counts only where the attention mask allows one of its keys.
bool IsAllowed(const HubInput& input, size_t row, size_t first, size_t page_size) {
  const size_t end = std::min(first + page_size, input.n_kv);
  for (size_t j = first; j < end; ++j) {
    if (input.added(row, j) >= 0) return true;
  }
  return false;
}

}  // namespace

void HubQuest(const MaskerConfig& masker, const HubInput& input, HubMask* mask) {
  const size_t n = HubCount(masker.size, input.n_kv);
  mask->is_full = input.n_kv <= std::max<size_t>(1, n);
  if (mask->is_full) return;
  const size_t page_size = masker.page_size;
  std::vector<std::vector<Bounds>> pages(input.keys.size());
  for (size_t head = 0; head < pages.size(); ++head) {
    pages[head] = PageBounds(masker, input, head);
  }
  const size_t k = std::max<size_t>(3, n / page_size);
  for (size_t row = 0; row < input.n_rows(); ++row) {
    std::vector<float> scores;
    for (const Bounds& page : pages[input.kv_head(row)]) {
      const bool is_allowed = IsAllowed(input, row, scores.size() * page_size, page_size);
      scores.push_back(is_allowed ? PageScore(input.query(row), page)
                                  : std::numeric_limits<float>::lowest());
    }
    float* values = mask->values.data() + row * input.n_kv;
    for (const size_t page : HubLargest(scores, k)) {
      const size_t end = std::min((page + 1) * page_size, input.n_kv);
      std::fill(values + page * page_size, values + end, 1.0f);
    }
    for (size_t j = 0; j < input.n_kv; ++j) {
      if (input.added(row, j) < 0) values[j] = 0.0f;
    }
  }
}

}  // namespace sparsetune
