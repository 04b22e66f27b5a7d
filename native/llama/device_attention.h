#pragma once

#include <memory>
#include <string>

#include "device/decode_cache.h"
#include "llama/batch_run.h"

namespace sparsetune::llama {

/// Attention of the nodes that llama.cpp has on the first GPU of CUDA, in that GPU's memory: each
/// snapshot's layers are copied there once, a stream's tail is kept there, and queries, new keys,
/// new values and outputs stay where llama.cpp has them. Only statistics come back.
class DeviceAttention {
 public:
  explicit DeviceAttention(std::shared_ptr<const Model> model);

  /// Whether a run may have all of its layers there, as far as is known before the batch.
  bool MayTake(const BatchRun& run) const;

  /// Why nothing can be attended there at a node that is not in host memory; empty where it can.
  std::string WhyNotNode(const ggml_tensor* node, size_t layer) const;

  /// Why a run cannot be at such a node; empty where it can, and then all is ready for Attend.
  ///
  /// @throws EngineFailure ERR_ENGINE where CUDA fails, ERR_CONFIG where the chain does not fit
  std::string WhyNotRun(size_t layer, const BatchRun& run);

  /// Attends, and writes the run's columns of the node. Has waited for all of its work.
  ///
  /// @throws EngineFailure ERR_ENGINE, ERR_CONFIG
  void Attend(const ggml_tensor* node, size_t layer, const BatchRun& run, RunStats* stats);

 private:
  /// The copy of the run's context, with room for its tail; null where there is no memory for it.
  device::DecodeCache* Prepare(size_t layer, const BatchRun& run);
  ForwardInput InputOf(size_t layer, const BatchRun& run) const;

  std::shared_ptr<const Model> model_;
  std::string why_not_model_;
  std::shared_ptr<device::DecodeRoom> room_;
};

}  // namespace sparsetune::llama
