#pragma once

#include "core/target.h"

// The vector intrinsics of the platform. <immintrin.h> without the warnings that GCC 12 raises
// inside that header itself: its "undefined" vectors are initialised with themselves (GCC bug
// 105593).
#if SPARSETUNE_X86_KERNELS
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#elif SPARSETUNE_ARM64_KERNELS
#include <arm_neon.h>
#endif
