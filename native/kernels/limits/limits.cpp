#include "kernels/limits/limits.h"

#include "core/versions.h"
#include "kernels/limits/limits_isa.h"

namespace sparsetune {
namespace {

float Sum(const float* data, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += data[i];
  return sum;
}

}  // namespace

float StreamReadScalar(const float* data, size_t n, size_t /*ahead*/) { return Sum(data, n); }

float GatherReadScalar(const GatherRows& rows, size_t /*rows_ahead*/) {
  float sum = 0;
  for (size_t r = 0; r < rows.n; ++r) {
    sum += Sum(rows.table + rows.indices[r] * rows.row_floats, rows.row_floats);
  }
  return sum;
}

float FmaRoundsScalar(size_t n_rounds) {
  float chains[kFmaChains];
  for (size_t i = 0; i < kFmaChains; ++i) chains[i] = static_cast<float>(i);
  for (size_t round = 0; round < n_rounds; ++round) {
    for (float& chain : chains) chain = chain * 0.5f + 1.0f;
  }
  return Sum(chains, kFmaChains);
}

Status StreamRead(const float* data, size_t n, size_t ahead, Isa isa, float* sum) {
  if (n % 64 != 0) return Status::kInvalidShape;
  const auto version = SPARSETUNE_VERSION(StreamRead, isa);
  if (version == nullptr) return Status::kUnsupported;
  *sum = version(data, n, ahead);
  return Status::kOk;
}

Status GatherRead(const GatherRows& rows, size_t rows_ahead, Isa isa, float* sum) {
  if (rows.row_floats == 0 || rows.row_floats % 16 != 0) return Status::kInvalidShape;
  const auto version = SPARSETUNE_VERSION(GatherRead, isa);
  if (version == nullptr) return Status::kUnsupported;
  *sum = version(rows, rows_ahead);
  return Status::kOk;
}

Status FmaRounds(size_t n_rounds, Isa isa, float* sum) {
  const auto version = SPARSETUNE_VERSION(FmaRounds, isa);
  if (version == nullptr) return Status::kUnsupported;
  *sum = version(n_rounds);
  return Status::kOk;
}

size_t FmaFlops(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return 2 * kFmaChains;
    case Isa::kAvx2:
      return 2 * kFmaChains * 8;
    case Isa::kAvx512:
      return 2 * kFmaChains * 16;
    case Isa::kNeon:
      return 2 * kNeonFmaChains * 4;
  }
  return 0;
}

}  // namespace sparsetune
