#pragma once

#include <array>
#include <cstddef>

#include "core/cpu.h"
#include "core/target.h"

namespace sparsetune {

/// The version of a kernel for `isa`, out of one per instruction set in the order of Isa.
template <typename Function>
Function FindVersion(Isa isa, const std::array<Function, kAllIsas.size()>& versions) {
  return versions[static_cast<size_t>(isa)];
}

}  // namespace sparsetune

// The versions of a kernel after the scalar one; null where this build has none.
#if SPARSETUNE_X86_KERNELS
#define SPARSETUNE_FAST_VERSIONS(kernel) kernel##Avx2, kernel##Avx512, nullptr
#elif SPARSETUNE_ARM64_KERNELS
#define SPARSETUNE_FAST_VERSIONS(kernel) nullptr, nullptr, kernel##Neon
#else
#define SPARSETUNE_FAST_VERSIONS(kernel) nullptr, nullptr, nullptr
#endif

// Pointer to <kernel>Scalar, <kernel>Avx2, <kernel>Avx512 or <kernel>Neon; null where this build
// has no version for `isa`.
#define SPARSETUNE_VERSION(kernel, isa)                 \
  ::sparsetune::FindVersion<decltype(&kernel##Scalar)>( \
      (isa), {kernel##Scalar, SPARSETUNE_FAST_VERSIONS(kernel)})
