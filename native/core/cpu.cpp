#include "core/cpu.h"

#include <cstring>

#include "core/target.h"
#if SPARSETUNE_X86_KERNELS
#include <cpuid.h>
#endif
#if SPARSETUNE_ARM64_KERNELS && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace sparsetune {
namespace {

/// What this CPU has, and this build's compiler can write kernels for.
struct Features {
  bool avx2 = false;
  bool avx512 = false;
  bool neon = false;
  bool byte_dots = false;
};

#if SPARSETUNE_X86_KERNELS
/// Asked of the CPU itself: older clang does not know the name.
bool HasF16c() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

#if SPARSETUNE_ARM64_KERNELS
bool ProbeArmByteDots() {
#if !SPARSETUNE_ARM64_BYTE_DOTS
  return false;
#elif defined(__ARM_FEATURE_DOTPROD)
  return true;
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  return false;
#endif
}
#endif

Features Probe() {
  Features features;
#if SPARSETUNE_X86_KERNELS
  __builtin_cpu_init();
  features.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && HasF16c() &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
  features.avx512 = features.avx2 && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  features.byte_dots = features.avx512 && __builtin_cpu_supports("avx512vnni");
#elif SPARSETUNE_ARM64_KERNELS
  features.neon = true;  // part of every AArch64
  features.byte_dots = ProbeArmByteDots();
#endif
  return features;
}

const Features& CpuFeatures() {
  static const Features features = Probe();
  return features;
}

}  // namespace

Isa BestIsa() {
  const Features& features = CpuFeatures();
  if (features.neon) return Isa::kNeon;
  if (features.avx512) return Isa::kAvx512;
  return features.avx2 ? Isa::kAvx2 : Isa::kScalar;
}

bool SupportsIsa(Isa isa) {
  const Features& features = CpuFeatures();
  switch (isa) {
    case Isa::kScalar:
      return true;
    case Isa::kAvx2:
      return features.avx2;
    case Isa::kAvx512:
      return features.avx512;
    case Isa::kNeon:
      return features.neon;
  }
  return false;
}

bool HasByteDots() { return CpuFeatures().byte_dots; }

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kNeon:
      return "neon";
  }
  return "";
}

bool FindIsa(const char* name, Isa* isa) {
  for (const Isa candidate : kAllIsas) {
    if (std::strcmp(name, IsaName(candidate)) != 0) continue;
    *isa = candidate;
    return true;
  }
  return false;
}

}  // namespace sparsetune
