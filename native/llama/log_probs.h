#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsetune::llama {

/// What is kept of the model's distribution at one position.
struct PositionLogProbs {
  float target = 0;              ///< log-probability of the target token
  int32_t argmax = 0;            ///< most likely token; of equals the lowest id
  std::vector<int32_t> ids;      ///< tokens looked at: the most likely ones, or those asked for
  std::vector<float> log_probs;  ///< of `ids`
};

/// Log-softmax of one row of logits in double precision, at the target and at `ids` (where given,
/// n_ids of them) or else at the n_ids most likely tokens in falling order (ties: lower id first).
///
/// @param[in] logits  [n_vocab], finite
PositionLogProbs LogProbsOf(const float* logits, size_t n_vocab, int32_t target, const int32_t* ids,
                            size_t n_ids);

}  // namespace sparsetune::llama
