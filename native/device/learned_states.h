#pragma once

#include "cuda/learned.h"
#include "device/key_states.h"

namespace sparsetune::device {

/// hash_top_k: the networks of a layer, and the signatures of the keys under those of their heads.
class HashState final : public KeyState {
 public:
  HashState(const MaskerConfig& masker, uint32_t layer)
      : weights_(masker.hash), hash_(weights_ == nullptr ? nullptr : weights_->Of(layer)) {}

  cuda::SignatureTable table() const;
  const cuda::HashNetwork& queries() const { return query_network_; }
  /// Bytes that are read to score a key.
  size_t key_bytes() const { return blocks_.block_bytes() / cuda::kPlaneKeys; }
  size_t bytes() const override { return blocks_.bytes() + numbers_.bytes(); }

 private:
  /// kInvalidShape where the layer has no networks, or networks that do not fit.
  void Add(const CachedKeys& keys) override;
  void Begin(const CachedKeys& keys);

  std::shared_ptr<const HashWeights> weights_;
  const HashOfLayer* hash_;
  bool has_begun_ = false;
  size_t n_networks_ = 0;  ///< of a KV head
  cuda::HashNetwork query_network_;
  cuda::HashNetwork key_network_;
  cuda::DeviceBuffer numbers_;  ///< of both
  KeyBlocks blocks_{cuda::kPlaneKeys, 0};
};

/// double_sparsity: the chosen channels of the keys.
class LabelState final : public KeyState {
 public:
  LabelState(const MaskerConfig& masker, uint32_t layer)
      : lists_(masker.channels),
        channels_(lists_ == nullptr ? nullptr : lists_->Of(layer)),
        group_factor_(masker.group_factor) {}

  cuda::LabelTable table() const;
  /// Bytes that are read to score a key.
  size_t key_bytes() const { return blocks_.block_bytes() / cuda::kPlaneKeys; }
  size_t bytes() const override { return blocks_.bytes() + chosen_.bytes(); }

 private:
  /// kInvalidShape where the layer has no channel lists, or lists that do not fit.
  void Add(const CachedKeys& keys) override;
  void Begin(const CachedKeys& keys);

  std::shared_ptr<const ChannelLists> lists_;
  const ChannelsOfLayer* channels_;
  size_t group_factor_;
  bool has_begun_ = false;
  size_t n_lists_ = 0;  ///< of a KV head
  size_t n_channels_ = 0;
  cuda::DeviceBuffer chosen_;
  KeyBlocks blocks_{cuda::kPlaneKeys, 0};
};

}  // namespace sparsetune::device
