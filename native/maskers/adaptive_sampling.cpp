#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/sampling/budget.h"
#include "kernels/sampling/quantile.h"
#include "maskers/draws.h"
#include "maskers/group_scores.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// Scores of the keys that every head keeps, [group_size, n], into buffers->run_scores.
Status ScoreRuns(const QueryGroup& group, const Selection& selection) {
  const size_t n_last = selection.n_visible - selection.local_begin;
  const size_t n = selection.sink_end + n_last;
  auto& scores = group.buffers->run_scores;
  scores.resize(group.input->group_size * n);
  const Status status = ScoreRange(group, 0, selection.sink_end, scores.data(), n);
  if (status != Status::kOk) return status;
  return ScoreRange(group, selection.local_begin, n_last, scores.data() + selection.sink_end, n);
}

/// A sum of exponentials relative to the largest exponent so far.
struct ExpSum {
  double max = -std::numeric_limits<double>::infinity();
  double sum = 0;

  void Add(double exponent) {
    if (exponent > max) {
      sum *= std::exp(max - exponent);
      max = exponent;
    }
    sum += std::exp(exponent - max);
  }
};

/// The two-sided Student quantile; the last one is remembered, since heads mostly agree.
double Quantile(double delta, size_t n_base, Scratch::Buffers* buffers) {
  const double level = 1 - delta / 2;
  const auto dof = static_cast<double>(n_base - 1);
  if (buffers->student_level != level || buffers->student_dof != dof) {
    buffers->student_quantile = StudentQuantile(level, dof);
    buffers->student_level = level;
    buffers->student_dof = dof;
  }
  return buffers->student_quantile;
}

/// Keys to draw after the first sample, whose scores are in buffers->scores. `known` holds the
/// exponents of the keys that are kept already.
size_t SecondSample(const MaskerConfig& masker, const QueryGroup& group, ExpSum known,
                    size_t n_unknown) {
  const auto& scores = group.buffers->scores;
  const double scale = group.input->scale;
  for (const float score : scores) known.Add(scale * score);
  const auto n = static_cast<double>(scores.size());
  double mean = 0;
  for (const float score : scores) mean += std::exp(scale * score - known.max) / n;
  double squares = 0;
  for (const float score : scores) {
    const double rest = std::exp(scale * score - known.max) - mean;
    squares += rest * rest;
  }
  BudgetInput input;
  input.epsilon = masker.epsilon;
  input.quantile = Quantile(masker.delta, scores.size(), group.buffers);
  input.certain = known.sum;
  input.mean = mean;
  input.deviation = std::sqrt(squares / (n - 1));
  input.n_base = scores.size();
  input.population = n_unknown;
  return SampleBudget(input);
}

/// Exponents of what `head` keeps: its own keys and those of every head.
Status AddKept(const QueryGroup& group, size_t g, const Selection& selection, ExpSum* known) {
  const HeadKeys& head = selection.heads[g];
  const double scale = group.input->scale;
  const size_t n = group.buffers->run_scores.size() / group.input->group_size;
  for (size_t i = 0; i < n; ++i) known->Add(scale * group.buffers->run_scores[g * n + i]);
  const Status status = ScoreKeys(group, g, head.indices, selection);
  if (status != Status::kOk) return status;
  for (size_t i = 0; i < head.indices.size(); ++i) {
    known->Add(scale * group.buffers->scores[i] + head.log_weights[i]);
  }
  return Status::kOk;
}

/// Draws and keeps both samples of one head.
Status SampleForHead(const MaskerConfig& masker, const QueryGroup& group, size_t g,
                     Selection* selection) {
  Scratch::Buffers& buffers = *group.buffers;
  HeadKeys& head = selection->heads[g];
  const size_t n_left = selection->local_begin - selection->sink_end - head.indices.size();
  const size_t n_base = std::max(kMinBase, CountKeys(masker.size, n_left));
  if (n_base >= n_left) {
    KeepRest(group, selection->sink_end, selection->local_begin, &head);
    return Status::kOk;
  }
  ExpSum known;
  Status status = AddKept(group, g, *selection, &known);
  if (status != Status::kOk) return status;
  DrawKeys(group, g, *selection, DrawDomain::kBaseSample, head.indices, n_base, &buffers.base_keys);
  status = ScoreKeys(group, g, buffers.base_keys, *selection);
  if (status != Status::kOk) return status;
  const size_t n_unknown = n_left - n_base;
  const size_t n = SecondSample(masker, group, known, n_unknown);
  head.Merge({buffers.base_keys}, &buffers.merged);
  DrawKeys(group, g, *selection, DrawDomain::kAdaptiveSample, head.indices, n, &buffers.chosen);
  const double inverse = static_cast<double>(n_unknown) / static_cast<double>(n);
  buffers.weights.assign(n, static_cast<float>(std::log(inverse)));
  head.Merge({buffers.chosen, buffers.weights.data()}, &buffers.merged);
  return Status::kOk;
}

}  // namespace

Status ApplyAdaptiveSampling(const MaskerConfig& masker, const QueryGroup& group,
                             Selection* selection) {
  if (selection->sink_end >= selection->local_begin) return Status::kOk;
  Status status = ScoreRuns(group, *selection);
  for (size_t g = 0; g < selection->heads.size() && status == Status::kOk; ++g) {
    status = SampleForHead(masker, group, g, selection);
  }
  return status;
}

}  // namespace sparsetune
