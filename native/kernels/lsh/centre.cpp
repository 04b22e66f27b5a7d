#include "kernels/lsh/centre.h"

#include <cmath>

#include "core/element.h"
#include "core/versions.h"
#include "kernels/lsh/lsh_isa.h"

namespace sparsetune {
void LshAddRowsScalar(const LshRows& rows, double* sums) {
  for (size_t r = 0; r < rows.n; ++r) {
    for (size_t i = 0; i < rows.head_dim; ++i) {
      sums[i] += ReadElement(rows.keys, rows.dtype, r * rows.head_dim + i);
    }
  }
}

void LshCentreScalar(const LshRows& rows, const float* mean, float* centred, float* norms) {
  for (size_t r = 0; r < rows.n; ++r) {
    double sum = 0;
    for (size_t i = 0; i < rows.head_dim; ++i) {
      const size_t at = r * rows.head_dim + i;
      centred[at] = ReadElement(rows.keys, rows.dtype, at) - mean[i];
      sum += static_cast<double>(centred[at]) * centred[at];
    }
    norms[r] = static_cast<float>(std::sqrt(sum));
  }
}

Status LshAddRows(const LshRows& rows, Isa isa, double* sums) {
  const auto version = SPARSETUNE_VERSION(LshAddRows, isa);
  if (version == nullptr) return Status::kUnsupported;
  version(rows, sums);
  return Status::kOk;
}

Status LshCentre(const LshRows& rows, const float* mean, Isa isa, float* centred, float* norms) {
  const auto version = SPARSETUNE_VERSION(LshCentre, isa);
  if (version == nullptr) return Status::kUnsupported;
  version(rows, mean, centred, norms);
  return Status::kOk;
}

}  // namespace sparsetune
