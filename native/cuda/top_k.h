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

inline bool AreRows(const ScoreRows& rows) {
  return rows.n <= rows.stride && rows.stride % 4 == 0 && rows.n <= size_t{1} << 31;
}

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

/// The fewest scores of each row, by falling scale * score, that hold a share of the row's softmax
/// mass, as the CPU's TopP: at least one, of equal scores those with the lower index.
///
/// @param[in]  rows     n at least 1; scores finite
/// @param[in]  top_p    0..1
/// @param[out] indices  [n_rows, n]; as many as `counts` says are written, ascending in a row
/// @param[out] counts   [n_rows]
/// @param[out] is_bad   [1] set to 1 where a score is not finite, else left as it is; the count of
///                      its row is then 0
/// @return kInvalidShape, kInvalidArgument, kDevice
///
/// One launch, a block a row: TopK's search by digits, but for mass in place of a number of scores.
/// Masses are whole numbers of 2^-31 (of 2^31 scores) to 2^-61 (of one) of the largest score's, so
/// that the result does not depend on the order of threads. The cut is the CPU's to about 1e-7 of
/// the mass.
Status TopP(const ScoreRows& rows, float scale, double top_p, uint32_t* indices, uint32_t* counts,
            uint32_t* is_bad, Stream stream);

}  // namespace sparsetune::cuda
