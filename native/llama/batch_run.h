#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "llama/decode_stream.h"
#include "llama/query_capture.h"

namespace sparsetune::llama {

/// A stretch of a batch: the columns [column, column + n) are the next tokens of `stream`.
struct BatchRun {
  DecodeStream* stream = nullptr;
  size_t column = 0;
  size_t n = 0;
  QueryCapture* capture = nullptr;
};

/// What one run cost and kept in one batch, all layers together.
struct RunStats {
  GroupStats group;
  uint64_t dense_bytes = 0;  ///< of the visible K and V rows, each read once per KV head and query
  /// Of the attention, selection and index upkeep included: thread time on the CPU, time on a GPU.
  /// Without what is done once: copying a context to a GPU, indexing it.
  double seconds = 0;
  /// Why layers that llama.cpp has on a GPU were attended on the CPU; empty where none was.
  std::set<std::string> host_reasons;

  /// Counts what one layer has `attended`; `head_bytes` are those of a key and a value.
  void AddLayer(const GroupStats& attended, size_t group_size, size_t head_bytes);
  void Add(const RunStats& other);
};

}  // namespace sparsetune::llama
