#pragma once

#include "kernels/limits/limits.h"

namespace sparsetune {

/// Independent registers of FmaRounds: more than the latency times the units of a core. AArch64 has
/// cores with twice the units, and twice the registers.
inline constexpr size_t kFmaChains = 12;
inline constexpr size_t kNeonFmaChains = 24;

// One version per instruction set; arguments as the public ones, already checked.
float StreamReadScalar(const float* data, size_t n, size_t ahead);
float StreamReadAvx2(const float* data, size_t n, size_t ahead);
float StreamReadAvx512(const float* data, size_t n, size_t ahead);
float StreamReadNeon(const float* data, size_t n, size_t ahead);
float GatherReadScalar(const GatherRows& rows, size_t rows_ahead);
float GatherReadAvx2(const GatherRows& rows, size_t rows_ahead);
float GatherReadAvx512(const GatherRows& rows, size_t rows_ahead);
float GatherReadNeon(const GatherRows& rows, size_t rows_ahead);
float FmaRoundsScalar(size_t n_rounds);
float FmaRoundsAvx2(size_t n_rounds);
float FmaRoundsAvx512(size_t n_rounds);
float FmaRoundsNeon(size_t n_rounds);

}  // namespace sparsetune
