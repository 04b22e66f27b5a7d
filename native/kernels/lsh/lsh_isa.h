#pragma once

#include "kernels/lsh/buckets.h"
#include "kernels/lsh/centre.h"
#include "kernels/lsh/lsh.h"
#include "kernels/lsh/weights.h"

namespace sparsetune {

/// What LshParams allows.
inline bool AreValid(const LshParams& params) {
  return params.lsh_l >= 1 && params.lsh_l <= 512 && params.lsh_k >= 1 && params.lsh_k <= 16;
}

/// Arguments of LshCodes, checked.
struct LshCodesArgs {
  const float* const* vectors;
  size_t n;
  size_t head_dim;
  LshParams params;
  const float* panels;
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

/// Arguments of LshLookUp, checked.
struct LshLookUpArgs {
  const LshBuckets& run;
  const uint16_t* queries;
  size_t n_queries;
  uint32_t min_matches;
  uint8_t* counts;
  uint64_t* bits;
  size_t stride;
};

/// Arguments of LshLogWeights, checked.
struct LshWeightsArgs {
  const LshQuery& query;
  const float* norms;
  size_t n;
  const LshCurve& curve;
  float* scores;
};

/// LshLogProbability in terms of the chance x of one table, 0 < x <= 1.
double LshLogTail(double x, uint32_t lsh_l, uint32_t min_matches);

// One version per instruction set; arguments checked.
void LshCodesScalar(const LshCodesArgs& args);
void LshCodesAvx2(const LshCodesArgs& args);
void LshCodesAvx512(const LshCodesArgs& args);
void LshCodesNeon(const LshCodesArgs& args);
void LshMatchScalar(const LshMatchArgs& args);
void LshMatchAvx2(const LshMatchArgs& args);
void LshMatchAvx512(const LshMatchArgs& args);
void LshMatchNeon(const LshMatchArgs& args);
void LshLookUpScalar(const LshLookUpArgs& args);
void LshLookUpAvx2(const LshLookUpArgs& args);
void LshLookUpAvx512(const LshLookUpArgs& args);
void LshLookUpNeon(const LshLookUpArgs& args);
void LshLogWeightsScalar(const LshWeightsArgs& args);
void LshLogWeightsAvx2(const LshWeightsArgs& args);
void LshLogWeightsAvx512(const LshWeightsArgs& args);
void LshLogWeightsNeon(const LshWeightsArgs& args);
void LshAddRowsScalar(const LshRows& rows, double* sums);
void LshAddRowsAvx2(const LshRows& rows, double* sums);
void LshAddRowsAvx512(const LshRows& rows, double* sums);
void LshAddRowsNeon(const LshRows& rows, double* sums);
void LshCentreScalar(const LshRows& rows, const float* mean, float* centred, float* norms);
void LshCentreAvx2(const LshRows& rows, const float* mean, float* centred, float* norms);
void LshCentreAvx512(const LshRows& rows, const float* mean, float* centred, float* norms);
void LshCentreNeon(const LshRows& rows, const float* mean, float* centred, float* norms);

}  // namespace sparsetune
