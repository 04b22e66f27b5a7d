#pragma once

#include <array>

namespace sparsetune {

/// Instruction sets the kernels are written for; of one processor's, the last is the best.
enum class Isa { kScalar = 0, kAvx2 = 1, kAvx512 = 2, kNeon = 3 };

inline constexpr std::array<Isa, 4> kAllIsas = {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon};

/// The best instruction set of this CPU. Probed once; safe to call from any thread.
Isa BestIsa();

/// True where this CPU runs `isa`.
bool SupportsIsa(Isa isa);

/// True where this CPU has dot products of bytes, and this build kernels with them: VNNI beside
/// kAvx512, FEAT_DotProd beside kNeon.
bool HasByteDots();

/// "scalar", "avx2", "avx512" or "neon".
const char* IsaName(Isa isa);

/// @param[in]  name  one that IsaName gives
/// @param[out] isa   the instruction set of that name; untouched where there is none
/// @return false where there is none
bool FindIsa(const char* name, Isa* isa);

}  // namespace sparsetune
