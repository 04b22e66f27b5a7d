#pragma once

namespace sparsetune {

/// Instruction sets the kernels are written for, in rising order of preference.
enum class Isa { kScalar = 0, kAvx2 = 1, kAvx512 = 2 };

/// The best instruction set of this CPU. Probed once; safe to call from any thread.
Isa BestIsa();

/// True where this CPU runs `isa`.
bool SupportsIsa(Isa isa);

/// True where this CPU has the dot products of bytes of AVX-512 (VNNI), beside kAvx512.
bool HasVnni();

}  // namespace sparsetune
