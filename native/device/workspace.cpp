#if defined(SPARSETUNE_HAS_CUDA)

#include "device/workspace.h"

#include <algorithm>

#include "device/failure.h"

namespace sparsetune::device {
namespace {

constexpr size_t kMaxTables = 512;

}  // namespace

PositionCounts PositionCounts::Of(uint32_t* counts, const CallShape& shape) {
  uint32_t* united = counts + shape.n_q_heads();
  return {counts, united, united + shape.n_kv_heads, united + 2 * shape.n_kv_heads,
          united + 3 * shape.n_kv_heads};
}

void Workspace::Reserve(const CallShape& shape) {
  const size_t n_heads = shape.n_q_heads();
  const size_t row_bytes = shape.n_q * shape.row_floats() * sizeof(float);
  const size_t set_bytes = n_heads * shape.n_words() * sizeof(uint32_t);
  const size_t list_bytes = n_heads * shape.list_stride() * sizeof(uint32_t);
  const size_t score_bytes = list_bytes + n_heads * kScorePad * sizeof(float);
  const size_t n_scratch = cuda::SetScratch(n_heads, shape.n_words());
  const size_t split_bytes = n_heads * shape.n_splits * sizeof(float);
  Check(queries.Reserve(row_bytes));
  Check(output.Reserve(row_bytes));
  Check(counts.Reserve(shape.n_q * shape.n_counts() * sizeof(uint32_t)));
  Check(has_nan.Reserve(sizeof(uint32_t)));
  for (SetRoom* sets : {&certain, &drawn, &spare, &near, &all})
    Check(sets->words.Reserve(set_bytes));
  Check(lists.indices.Reserve(list_bytes));
  Check(lists.counts.Reserve(n_heads * sizeof(uint32_t)));
  Check(set_scratch.Reserve(n_scratch * sizeof(uint32_t)));
  Check(draw_scratch.Reserve(set_bytes));
  Check(scores.Reserve(score_bytes));
  Check(kept_scores.Reserve(score_bytes));
  Check(weights.Reserve(list_bytes));
  Check(picked.Reserve(list_bytes));
  Check(log_weight.Reserve(n_heads * sizeof(float)));
  Check(budgets.Reserve(n_heads * sizeof(uint32_t)));
  Check(codes.Reserve(n_heads * std::max(shape.head_dim, kMaxTables * sizeof(uint16_t))));
  Check(partial_max.Reserve(split_bytes));
  Check(partial_sum.Reserve(split_bytes));
  Check(partial_values.Reserve(split_bytes * shape.head_dim));
}

}  // namespace sparsetune::device

#endif
