#pragma once

#include <vector>

#include "device/key_states.h"
#include "device/workspace.h"
#include "maskers/config.h"

namespace sparsetune::device {

/// Queries and outputs on the device: those of position i, [n_q_heads, head_dim], begin i strides
/// on, at a multiple of 16 bytes.
struct DeviceRows {
  const float* queries = nullptr;
  size_t query_stride = 0;  ///< in floats
  float* output = nullptr;
  size_t output_stride = 0;  ///< in floats
};

/// A chain over a cache.
struct ChainCall {
  const ChainConfig& chain;
  const std::vector<const KeyState*>& states;  ///< one a masker; null where it needs none
  CallShape shape;
  DeviceRows rows;
  cuda::KvRows kv;
  float scale = 0;
  uint32_t layer = 0;
  size_t n_multiprocessors = 1;
  Workspace& work;
  cuda::Stream stream = nullptr;
};

/// Keys that every query head keeps, [0, sink_end) and [local_begin, n_visible), and what was read
/// to choose others. Counts of the others are on the device.
struct PositionSummary {
  size_t n_visible = 0;
  size_t sink_end = 0;
  size_t local_begin = 0;
  bool has_lists = false;
  size_t scored_begin = 0;  ///< key rows [scored_begin, scored_end) were read
  size_t scored_end = 0;
  uint64_t index_bytes = 0;  ///< of each KV head
};

/// Chooses and attends for one query position of a call, as AttendGroup of the CPU does for each
/// KV head: the same keys from the same seed. The output and the counts of the position are
/// written on the device; work.lists and work.weights hold what the heads keep.
///
/// Launches, and returns: nothing is waited for.
///
/// @param i  of the call's n_q positions; it sees n_kv - n_q + i + 1 keys
/// @throws DeviceFailure
PositionSummary AttendPosition(const ChainCall& call, size_t i);

}  // namespace sparsetune::device
