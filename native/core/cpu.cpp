#include "core/cpu.h"

#include "core/target.h"

namespace sparsetune {
namespace {

Isa Probe() {
#if SPARSETUNE_X86_64 && defined(__GNUC__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2 && avx512) return Isa::kAvx512;
  if (avx2) return Isa::kAvx2;
#endif
  return Isa::kScalar;
}

bool ProbeVnni() {
#if SPARSETUNE_X86_64 && defined(__GNUC__)
  return Probe() == Isa::kAvx512 && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

}  // namespace

Isa BestIsa() {
  static const Isa isa = Probe();
  return isa;
}

bool HasVnni() {
  static const bool has_vnni = ProbeVnni();
  return has_vnni;
}

bool SupportsIsa(Isa isa) { return isa <= BestIsa(); }

}  // namespace sparsetune
