#pragma once

#include <cstddef>

#include "core/cpu.h"
#include "core/kv_view.h"
#include "core/status.h"

namespace sparsetune {

/// Consecutive key rows: [n, head_dim] row-major, `dtype`, finite.
struct LshRows {
  const void* keys = nullptr;
  Dtype dtype = Dtype::kF32;
  size_t head_dim = 0;  ///< at least 1
  size_t n = 0;         ///< may be 0
};

/// Adds each element of the rows to the sum of its column, row after row.
///
/// @param[in,out] sums  [head_dim]
/// @return kUnsupported for an instruction set that is not built; `sums` is then untouched
///
/// The same on every instruction set. No allocation. Safe to call from several threads.
Status LshAddRows(const LshRows& rows, Isa isa, double* sums);

/// Subtracts the mean from each row.
///
/// @param[in]  mean     [head_dim]
/// @param[out] centred  [n, head_dim] row - mean, rounded once
/// @param[out] norms    [n] of the centred rows, from a sum in double
/// @return as LshAddRows
///
/// `centred` is the same on every instruction set, a norm but for its last bit.
Status LshCentre(const LshRows& rows, const float* mean, Isa isa, float* centred, float* norms);

}  // namespace sparsetune
