#pragma once

#include "kernels/lsh/lsh.h"

namespace sparsetune {

/// Arguments of LshCodes, checked.
struct LshCodesArgs {
  const float* const* vectors;
  size_t n;
  size_t head_dim;
  LshParams params;
  const float* planes;
  uint16_t* codes;
};

/// Arguments of LshMatch, checked. Bits of keys that do not exist are cleared by the caller.
struct LshMatchArgs {
  const void* codes;  ///< of the first block to scan
  LshParams params;
  const uint16_t* queries;
  size_t n_queries;
  uint32_t min_matches;
  size_t n_blocks;
  uint64_t* bits;
};

void LshCodesScalar(const LshCodesArgs& args);
void LshCodesAvx2(const LshCodesArgs& args);
void LshCodesAvx512(const LshCodesArgs& args);
void LshMatchScalar(const LshMatchArgs& args);
void LshMatchAvx2(const LshMatchArgs& args);
void LshMatchAvx512(const LshMatchArgs& args);

}  // namespace sparsetune
