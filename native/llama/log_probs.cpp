#include "llama/log_probs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sparsetune::llama {
namespace {

double LogSumExp(const float* logits, size_t n, float maximum) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::exp(logits[i] - maximum);
  return maximum + std::log(sum);
}

std::vector<int32_t> MostLikely(const float* logits, size_t n, size_t k) {
  if (k == 0) return {};
  std::vector<int32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  const auto before = [logits](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  k = std::min(k, n);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(k);
  if (k < n) std::nth_element(order.begin(), middle, order.end(), before);
  std::sort(order.begin(), middle, before);
  order.resize(k);
  return order;
}

}  // namespace

PositionLogProbs LogProbsOf(const float* logits, size_t n_vocab, int32_t target, const int32_t* ids,
                            size_t n_ids) {
  PositionLogProbs result;
  result.argmax = static_cast<int32_t>(std::max_element(logits, logits + n_vocab) - logits);
  const double log_sum = LogSumExp(logits, n_vocab, logits[result.argmax]);
  result.target = static_cast<float>(logits[target] - log_sum);
  result.ids =
      ids != nullptr ? std::vector<int32_t>(ids, ids + n_ids) : MostLikely(logits, n_vocab, n_ids);
  for (const int32_t id : result.ids) {
    result.log_probs.push_back(static_cast<float>(logits[id] - log_sum));
  }
  return result;
}

}  // namespace sparsetune::llama
