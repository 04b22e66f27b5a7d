#include "kernels/attend/attend.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/element.h"
#include "core/versions.h"
#include "kernels/attend/attend_isa.h"

namespace sparsetune {
namespace {

float Score(const AttendQueries& queries, const AttendRows& rows, size_t g, size_t row) {
  if (rows.keys == nullptr) return 0;
  float dot = 0;
  for (size_t i = 0; i < queries.head_dim; ++i) {
    dot += queries.rows[g][i] * ReadElement(rows.keys, rows.dtype, row * queries.head_dim + i);
  }
  return dot * queries.scale;
}

/// Multiplies what was summed so far by exp(old max - new max).
void RaiseMax(float new_max, size_t head_dim, float* max, float* sum, float* values) {
  const float factor = std::exp(*max - new_max);
  *sum *= factor;
  for (size_t i = 0; i < head_dim; ++i) values[i] *= factor;
  *max = new_max;
}

}  // namespace

void AttendBegin(size_t n, size_t head_dim, AttendState* state) {
  std::fill_n(state->max, n, -std::numeric_limits<float>::infinity());
  std::fill_n(state->sum, n, 0.0f);
  std::fill_n(state->values, n * head_dim, 0.0f);
}

void AttendScalar(const AttendQueries& queries, const AttendRows& rows, AttendState* state) {
  const size_t head_dim = queries.head_dim;
  for (size_t r = 0; r < rows.n; ++r) {
    const size_t row = rows.indices == nullptr ? r : rows.indices[r];
    for (size_t g = 0; g < queries.n; ++g) {
      float score = Score(queries, rows, g, row);
      if (rows.log_weights != nullptr) score += rows.log_weights[g * rows.weight_stride + r];
      if (score == -std::numeric_limits<float>::infinity()) continue;
      float* values = state->values + g * head_dim;
      if (score > state->max[g]) {
        RaiseMax(score, head_dim, state->max + g, state->sum + g, values);
      }
      const float weight = std::exp(score - state->max[g]);
      state->sum[g] += weight;
      for (size_t i = 0; i < head_dim; ++i) {
        values[i] += weight * ReadElement(rows.values, rows.dtype, row * head_dim + i);
      }
    }
  }
}

Status AttendAdd(const AttendQueries& queries, const AttendRows& rows, Isa isa,
                 AttendState* state) {
  if (queries.n == 0 || queries.head_dim == 0) return Status::kInvalidShape;
  const bool has_scores = rows.keys != nullptr || rows.log_weights != nullptr;
  if (rows.n > 0 && !has_scores) return Status::kInvalidShape;
  if (rows.log_weights != nullptr && rows.weight_stride < rows.n) return Status::kInvalidShape;
  const auto version = SPARSETUNE_VERSION(Attend, isa);
  if (version == nullptr) return Status::kUnsupported;
  if (queries.head_dim > kPanelFloats) {
    AttendScalar(queries, rows, state);
  } else {
    version(queries, rows, state);
  }
  return Status::kOk;
}

void AttendEnd(const AttendState& state, size_t n, size_t head_dim, float* const* output) {
  for (size_t g = 0; g < n; ++g) {
    const float factor = state.sum[g] > 0 ? 1.0f / state.sum[g] : 0.0f;
    for (size_t i = 0; i < head_dim; ++i) output[g][i] = state.values[g * head_dim + i] * factor;
  }
}

}  // namespace sparsetune
