#include "kernels/lsh/centre.h"

#include <cmath>

#include "core/element.h"
#include "core/target.h"
#include "kernels/lsh/lsh_isa.h"

namespace sparsetune {
namespace {

void AddRowsScalar(const LshRows& rows, double* sums) {
  for (size_t r = 0; r < rows.n; ++r) {
    for (size_t i = 0; i < rows.head_dim; ++i) {
      sums[i] += ReadElement(rows.keys, rows.dtype, r * rows.head_dim + i);
    }
  }
}

void CentreScalar(const LshRows& rows, const float* mean, float* centred, float* norms) {
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

}  // namespace

Status LshAddRows(const LshRows& rows, Isa isa, double* sums) {
  switch (isa) {
    case Isa::kScalar:
      AddRowsScalar(rows, sums);
      return Status::kOk;
#if SPARSETUNE_X86_KERNELS
    case Isa::kAvx2:
      LshAddRowsAvx2(rows, sums);
      return Status::kOk;
    case Isa::kAvx512:
      LshAddRowsAvx512(rows, sums);
      return Status::kOk;
#endif
    default:
      return Status::kUnsupported;
  }
}

Status LshCentre(const LshRows& rows, const float* mean, Isa isa, float* centred, float* norms) {
  switch (isa) {
    case Isa::kScalar:
      CentreScalar(rows, mean, centred, norms);
      return Status::kOk;
#if SPARSETUNE_X86_KERNELS
    case Isa::kAvx2:
      LshCentreAvx2(rows, mean, centred, norms);
      return Status::kOk;
    case Isa::kAvx512:
      LshCentreAvx512(rows, mean, centred, norms);
      return Status::kOk;
#endif
    default:
      return Status::kUnsupported;
  }
}

}  // namespace sparsetune
