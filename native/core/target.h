#pragma once

// Opens and closes a region whose functions are compiled for one instruction set, so that a file
// needs no compiler flag of its own (node-gyp has flags per target only, not per file).
// Include every header before SPARSETUNE_TARGET_BEGIN: an inline function of a header compiled
// inside the region could be the copy the linker keeps, and would then crash on an older CPU.
#if defined(__x86_64__) || defined(_M_X64)
#define SPARSETUNE_X86_64 1
#else
#define SPARSETUNE_X86_64 0
#endif

// Which versions are built beside the scalar ones: avx2 and avx512 where the compiler knows target
// regions, neon on AArch64, where it needs none; nothing with MSVC.
#if SPARSETUNE_X86_64 && defined(__GNUC__)
#define SPARSETUNE_X86_KERNELS 1
#else
#define SPARSETUNE_X86_KERNELS 0
#endif
#if defined(__aarch64__) && defined(__GNUC__)
#define SPARSETUNE_ARM64_KERNELS 1
#else
#define SPARSETUNE_ARM64_KERNELS 0
#endif

// 1 where the compiler can write dot products of bytes for the AArch64 CPUs that have them: GCC in
// a target region, clang (whose versions differ) where they are allowed everywhere.
#if SPARSETUNE_ARM64_KERNELS && (!defined(__clang__) || defined(__ARM_FEATURE_DOTPROD))
#define SPARSETUNE_ARM64_BYTE_DOTS 1
#else
#define SPARSETUNE_ARM64_BYTE_DOTS 0
#endif

// Before a loop of constant length whose array of vectors must live in registers; TWICE before an
// inner loop of any length whose counting costs too much.
#if defined(__clang__)
#define SPARSETUNE_UNROLL _Pragma("unroll")
#define SPARSETUNE_UNROLL_TWICE _Pragma("unroll 2")
#elif defined(__GNUC__)
#define SPARSETUNE_UNROLL _Pragma("GCC unroll 32")
#define SPARSETUNE_UNROLL_TWICE _Pragma("GCC unroll 2")
#else
#define SPARSETUNE_UNROLL
#define SPARSETUNE_UNROLL_TWICE
#endif

// Before a function whose arrays of vectors must live in registers: INLINE where a loop calls it,
// NOINLINE where it has the loop and its callers' pointers would take registers from it. INLINE
// also before one that does nothing but prefetch: GCC drops calls of it as without effect.
#if defined(__GNUC__)
#define SPARSETUNE_INLINE inline __attribute__((always_inline))
#define SPARSETUNE_NOINLINE __attribute__((noinline))
#else
#define SPARSETUNE_INLINE inline
#define SPARSETUNE_NOINLINE
#endif

#define SPARSETUNE_STRINGIFY(x) #x
#if defined(__clang__)
#define SPARSETUNE_TARGET_BEGIN(isa) \
  _Pragma(SPARSETUNE_STRINGIFY(      \
      clang attribute push(__attribute__((target(isa))), apply_to = function)))
#define SPARSETUNE_TARGET_END _Pragma("clang attribute pop")
#elif defined(__GNUC__)
#define SPARSETUNE_TARGET_BEGIN(isa) \
  _Pragma("GCC push_options") _Pragma(SPARSETUNE_STRINGIFY(GCC target(isa)))
#define SPARSETUNE_TARGET_END _Pragma("GCC pop_options")
#else
#define SPARSETUNE_TARGET_BEGIN(isa)
#define SPARSETUNE_TARGET_END
#endif
