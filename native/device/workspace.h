#pragma once

#include <cstdint>

#include "cuda/attend.h"
#include "cuda/memory.h"
#include "cuda/selection.h"

namespace sparsetune::device {

/// Sizes of a call.
struct CallShape {
  size_t n_kv_heads = 0;
  size_t group_size = 0;
  size_t head_dim = 0;
  size_t n_q = 0;
  size_t n_kv = 0;
  size_t n_splits = 0;  ///< of the attention, at most

  size_t n_q_heads() const { return n_kv_heads * group_size; }
  size_t n_words() const { return (n_kv + 31) / 32; }
  /// Keys of a list at most.
  size_t list_stride() const { return 32 * n_words(); }
  size_t row_floats() const { return n_q_heads() * head_dim; }
  /// Numbers that a position leaves for the statistics, see PositionCounts.
  size_t n_counts() const { return n_q_heads() + 4 * n_kv_heads; }
};

/// What is counted on the device at one position.
struct PositionCounts {
  uint32_t* of_heads;   ///< [n_q_heads] keys that each head lists
  uint32_t* united;     ///< [n_kv_heads] keys that some head of a group lists
  uint32_t* found;      ///< [n_kv_heads] keys whose norm was read
  uint32_t* looked_up;  ///< [n_kv_heads] bytes of buckets that were read
  uint32_t* ranked;     ///< [n_kv_heads] keys that were read to choose, and not listed

  static PositionCounts Of(uint32_t* counts, const CallShape& shape);
};

/// Keys as sets and as lists.
struct SetRoom {
  cuda::DeviceBuffer words;

  cuda::KeySets Of(const CallShape& shape) const {
    return {words.as<uint32_t>(), shape.n_q_heads(), shape.n_words()};
  }
};
struct ListRoom {
  cuda::DeviceBuffer indices;
  cuda::DeviceBuffer counts;

  /// One list for `group_size` heads.
  cuda::KeyLists Of(const CallShape& shape, size_t group_size) const {
    return {indices.as<uint32_t>(), counts.as<uint32_t>(), shape.n_q_heads() / group_size,
            shape.list_stride(), nullptr};
  }
};

/// Device memory that calls work in, one after another; it grows to what the largest one needed.
struct Workspace {
  /// Room for a call.
  ///
  /// @throws DeviceFailure; it can then be used as before
  void Reserve(const CallShape& shape);

  cuda::DeviceBuffer queries;  ///< [n_q, n_q_heads, head_dim]
  cuda::DeviceBuffer output;   ///< as queries
  cuda::DeviceBuffer counts;   ///< [n_q, n_counts]
  cuda::DeviceBuffer has_nan;  ///< [1]
  SetRoom certain;             ///< keys that a head keeps for certain, between sink and local
  SetRoom drawn;               ///< keys that it keeps with a weight
  SetRoom spare;
  SetRoom near;  ///< of top_k with int8 scores: keys whose own elements decide
  SetRoom all;
  ListRoom lists;
  cuda::DeviceBuffer set_scratch;   ///< SetScratch
  cuda::DeviceBuffer draw_scratch;  ///< [n_q_heads, n_words]
  cuda::DeviceBuffer scores;        ///< [n_q_heads, list_stride + kScorePad]
  cuda::DeviceBuffer kept_scores;   ///< as scores
  cuda::DeviceBuffer weights;       ///< [n_q_heads, list_stride]
  cuda::DeviceBuffer picked;        ///< [n_q_heads, list_stride]
  cuda::DeviceBuffer log_weight;    ///< [n_q_heads] of the keys drawn
  cuda::DeviceBuffer budgets;       ///< [n_q_heads]
  cuda::DeviceBuffer codes;         ///< of the queries: bytes, signatures or codes of 512 tables
  cuda::DeviceBuffer partial_max;
  cuda::DeviceBuffer partial_sum;
  cuda::DeviceBuffer partial_values;
};

/// Whole blocks of keys are scored; and a row begins at a multiple of 16 bytes.
inline constexpr size_t kScorePad = 128;

}  // namespace sparsetune::device
