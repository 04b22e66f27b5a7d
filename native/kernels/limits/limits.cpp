#include "kernels/limits/limits.h"

#include "core/target.h"
#include "kernels/limits/limits_isa.h"

namespace sparsetune {
namespace {

float StreamReadScalar(const float* data, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += data[i];
  return sum;
}

float GatherReadScalar(const GatherRows& rows) {
  float sum = 0;
  for (size_t r = 0; r < rows.n; ++r) {
    sum += StreamReadScalar(rows.table + rows.indices[r] * rows.row_floats, rows.row_floats);
  }
  return sum;
}

float FmaRoundsScalar(size_t n_rounds) {
  float chains[kFmaChains];
  for (size_t i = 0; i < kFmaChains; ++i) chains[i] = static_cast<float>(i);
  for (size_t round = 0; round < n_rounds; ++round) {
    for (float& chain : chains) chain = chain * 0.5f + 1.0f;
  }
  return StreamReadScalar(chains, kFmaChains);
}

}  // namespace

Status StreamRead(const float* data, size_t n, size_t ahead, Isa isa, float* sum) {
  if (n % 64 != 0) return Status::kInvalidShape;
  switch (isa) {
    case Isa::kScalar:
      *sum = StreamReadScalar(data, n);
      return Status::kOk;
#if SPARSETUNE_X86_KERNELS
    case Isa::kAvx2:
      *sum = StreamReadAvx2(data, n, ahead);
      return Status::kOk;
    case Isa::kAvx512:
      *sum = StreamReadAvx512(data, n, ahead);
      return Status::kOk;
#endif
    default:
      return Status::kUnsupported;
  }
}

Status GatherRead(const GatherRows& rows, size_t rows_ahead, Isa isa, float* sum) {
  if (rows.row_floats == 0 || rows.row_floats % 16 != 0) return Status::kInvalidShape;
  switch (isa) {
    case Isa::kScalar:
      *sum = GatherReadScalar(rows);
      return Status::kOk;
#if SPARSETUNE_X86_KERNELS
    case Isa::kAvx2:
      *sum = GatherReadAvx2(rows, rows_ahead);
      return Status::kOk;
    case Isa::kAvx512:
      *sum = GatherReadAvx512(rows, rows_ahead);
      return Status::kOk;
#endif
    default:
      return Status::kUnsupported;
  }
}

Status FmaRounds(size_t n_rounds, Isa isa, float* sum) {
  switch (isa) {
    case Isa::kScalar:
      *sum = FmaRoundsScalar(n_rounds);
      return Status::kOk;
#if SPARSETUNE_X86_KERNELS
    case Isa::kAvx2:
      *sum = FmaRoundsAvx2(n_rounds);
      return Status::kOk;
    case Isa::kAvx512:
      *sum = FmaRoundsAvx512(n_rounds);
      return Status::kOk;
#endif
    default:
      return Status::kUnsupported;
  }
}

size_t FmaFlops(Isa isa) {
  const size_t lanes = isa == Isa::kAvx512 ? 16 : isa == Isa::kAvx2 ? 8 : 1;
  return 2 * kFmaChains * lanes;
}

}  // namespace sparsetune
