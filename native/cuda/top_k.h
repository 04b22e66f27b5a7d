#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"
#include "cuda/stream.h"

namespace sparsetune::cuda {

/// Rows of scores.
struct ScoreRows {
  const float* scores = nullptr;  ///< [n_rows, stride], 16-byte aligned; infinities are allowed
  size_t n_rows = 0;
  size_t n = 0;       ///< scores of a row, at most 2^31
  size_t stride = 0;  ///< at least n, a multiple of 4
};

/// The k largest scores of each row; of equal scores the one with the lower index wins, -0 equals
/// +0.
///
/// @param[in]  k        how many; more than n means n
/// @param[out] indices  [n_rows, min(k, n)] ascending in a row: those of the CPU's TopK
/// @param[out] has_nan  [1] set to 1 where a score is NaN, else left as it is; the indices of its
///                      row are then unspecified
/// @return kInvalidShape, kDevice
///
/// One launch, a block a row: three passes over the row find the k-th largest by digits of 11, 11
/// and 10 bits, one collects. Deterministic.
Status TopK(const ScoreRows& rows, size_t k, uint32_t* indices, uint32_t* has_nan, Stream stream);

}  // namespace sparsetune::cuda
