#include "kernels/lsh/weights.h"

#include <cmath>

#include "core/versions.h"
#include "kernels/lsh/lsh_isa.h"

namespace sparsetune {
namespace {

constexpr double kLn2 = 0.693147180559945309;

/// The curve at s = -16 log2(x).
double CurveValue(const LshParams& params, uint32_t min_matches, double s) {
  const double w = -s / 16;
  return LshLogTail(std::exp2(w), params.lsh_l, min_matches) - min_matches * w * kLn2;
}

double Cosine(const LshQuery& query, float dot, float key_norm) {
  if (query.norm == 0 && key_norm == 0) return 1;
  if (query.norm == 0 || key_norm == 0) return 0;
  return (static_cast<double>(dot) - query.dot_mean) / (query.norm * key_norm);
}

}  // namespace

void MakeLshCurve(const LshParams& params, uint32_t min_matches, LshCurve* curve) {
  curve->params = params;
  curve->min_matches = min_matches;
  for (size_t i = 0; i < kLshCurveParts; ++i) {
    double at[4];
    for (size_t j = 0; j < 4; ++j) {
      at[j] = CurveValue(params, min_matches, static_cast<double>(i) + static_cast<double>(j) / 3);
    }
    // The cubic through t = 0, 1/3, 2/3, 1.
    float* part = curve->parts[i];
    part[0] = static_cast<float>(at[0]);
    part[1] = static_cast<float>((-11 * at[0] + 18 * at[1] - 9 * at[2] + 2 * at[3]) / 2);
    part[2] = static_cast<float>(4.5 * (2 * at[0] - 5 * at[1] + 4 * at[2] - at[3]));
    part[3] = static_cast<float>(4.5 * (-at[0] + 3 * at[1] - 3 * at[2] + at[3]));
  }
}

void LshLogWeightsScalar(const LshWeightsArgs& args) {
  for (size_t i = 0; i < args.n; ++i) {
    const double cosine = Cosine(args.query, args.scores[i], args.norms[i]);
    args.scores[i] = static_cast<float>(
        0.0 - LshLogProbability(cosine, args.curve.params, args.curve.min_matches));
  }
}

Status LshLogWeights(const LshQuery& query, const float* norms, size_t n, const LshCurve& curve,
                     Isa isa, float* scores) {
  const LshWeightsArgs args = {query, norms, n, curve, scores};
  const auto version = SPARSETUNE_VERSION(LshLogWeights, isa);
  if (version == nullptr) return Status::kUnsupported;
  // Rare, and out of reach of a float's reciprocal: left to double.
  const bool is_small = !(query.norm > 1e-30);
  (is_small ? LshLogWeightsScalar : version)(args);
  return Status::kOk;
}

}  // namespace sparsetune
