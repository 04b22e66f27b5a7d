#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/status.h"

namespace sparsetune {

// What memory and arithmetic of this machine allow: the simplest loops that read or multiply as
// fast as can be, with the same loads, prefetches and instruction sets as the attention kernels.
// A kernel's time is held against theirs; see the tables of bench/README.md.

/// Reads memory front to back (stream limit).
///
/// @param[in]  data      [n] floats
/// @param[in]  n         a multiple of 64
/// @param[in]  ahead     bytes to prefetch ahead of the load into the second cache, and a little
///                       ahead into the first; 0: leave it to the hardware
/// @param[in]  isa       one that SupportsIsa
/// @param[out] sum       of all floats, so that no load can be left out
/// @return kInvalidShape for another n, kUnsupported for an instruction set that is not built
///
/// Cost: 4 * n bytes; no allocation. Exact where every partial sum is. Safe to call from several
/// threads.
Status StreamRead(const float* data, size_t n, size_t ahead, Isa isa, float* sum);

/// Rows of a table to read in the given order.
struct GatherRows {
  const float* table = nullptr;       ///< [*, row_floats] row-major
  size_t row_floats = 0;              ///< a multiple of 16
  const uint32_t* indices = nullptr;  ///< [n]
  size_t n = 0;
};

/// Reads listed rows (gather limit), prefetching each into the second cache level `rows_ahead` rows
/// before it is read; 0: no prefetch. Results, errors and cost as StreamRead.
Status GatherRead(const GatherRows& rows, size_t rows_ahead, Isa isa, float* sum);

/// Multiplies and adds in registers only: `n_rounds` rounds of FmaFlops(isa) operations each.
///
/// @param[out] sum  of the registers afterwards
/// @return kUnsupported for an instruction set that is not built
Status FmaRounds(size_t n_rounds, Isa isa, float* sum);

/// Floating point operations of a round of FmaRounds.
size_t FmaFlops(Isa isa);

}  // namespace sparsetune
