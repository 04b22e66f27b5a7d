#pragma once

#include <cstdint>
#include <memory>

#include "cuda/lsh.h"
#include "cuda/memory.h"
#include "cuda/rows.h"
#include "cuda/scores.h"
#include "maskers/config.h"

namespace sparsetune::device {

/// The keys that a state is extended to.
struct CachedKeys {
  cuda::KvRows rows;
  size_t n = 0;
  size_t n_allocated = 0;  ///< rows of a head that there is memory for
  cuda::Stream stream = nullptr;
  bool is_passing = false;  ///< those that are new are forgotten after the call
};

/// What one masker remembers of the keys of all KV heads, in device memory: the KeyState of the
/// CPU's maskers.
class KeyState {
 public:
  KeyState() = default;
  virtual ~KeyState() = default;
  KeyState(const KeyState&) = delete;
  KeyState& operator=(const KeyState&) = delete;

  /// Adds the keys that are not in it yet.
  ///
  /// @throws DeviceFailure; it then has the keys that it had
  void Extend(const CachedKeys& keys);
  /// Forgets the keys from `n` on.
  void Truncate(size_t n) { n_ = n < n_ ? Keep(n) : n_; }
  size_t n() const { return n_; }
  virtual size_t bytes() const = 0;

 protected:
  /// Adds the keys [n(), keys.n).
  virtual void Add(const CachedKeys& keys) = 0;
  /// How many of the first `n` keys are known without those after them, which Add may overwrite.
  virtual size_t Keep(size_t n) { return n; }

 private:
  size_t n_ = 0;
};

/// Blocks of keys of each KV head, [n_kv_heads, stride, block_bytes], which grow with the cache.
class KeyBlocks {
 public:
  KeyBlocks(size_t block_keys, size_t block_bytes)
      : block_keys_(block_keys), block_bytes_(block_bytes) {}

  /// Room for all keys that the cache has memory for; what is new is zero.
  void Reserve(const CachedKeys& keys);
  uint8_t* data() const { return memory_.as<uint8_t>(); }
  size_t stride() const { return stride_; }
  size_t block_bytes() const { return block_bytes_; }
  size_t bytes() const { return memory_.bytes(); }

 private:
  size_t block_keys_;
  size_t block_bytes_;
  size_t stride_ = 0;
  cuda::DeviceBuffer memory_;
};

/// top_k with int8 scores: keys with 8 bits an element.
class QuantizedState final : public KeyState {
 public:
  explicit QuantizedState(size_t head_dim);

  const KeyBlocks& blocks() const { return blocks_; }
  size_t bytes() const override { return blocks_.bytes(); }

 private:
  void Add(const CachedKeys& keys) override;

  KeyBlocks blocks_;
};

/// quest: bounds of pages of keys.
class PageState final : public KeyState {
 public:
  PageState(size_t page_size, size_t head_dim, Dtype dtype);

  cuda::PageBounds bounds() const;
  size_t page_bytes() const { return pages_.block_bytes(); }
  size_t bytes() const override { return pages_.bytes(); }

 private:
  void Add(const CachedKeys& keys) override;
  /// The bounds of a page are those of all its keys.
  size_t Keep(size_t n) override { return n / page_size_ * page_size_; }

  size_t page_size_;
  KeyBlocks pages_;
};

/// magic_pig: the mean of the first keys, codes and norms; where there are enough keys, also most
/// of them by bucket.
class LshState final : public KeyState {
 public:
  LshState(const MaskerConfig& masker, uint64_t seed, uint32_t layer);

  const LshParams& params() const { return params_; }
  bool is_centred() const { return is_centred_; }
  cuda::LshKeyTable table() const;
  /// Keys [0, n_sorted()) are in `runs`; a multiple of 64.
  size_t n_sorted() const { return n_sorted_; }
  cuda::LshRuns runs() const { return runs_; }
  const float* mean() const { return mean_.as<float>(); }
  const float* panels() const { return panels_.as<float>(); }
  const float* curve(uint32_t min_matches) const {
    return curves_.as<float>() + size_t{min_matches - 1} * 4 * kLshCurveParts;
  }
  size_t bytes() const override;

 private:
  void Add(const CachedKeys& keys) override;
  /// The mean stays. Buckets with keys that are forgotten go.
  size_t Keep(size_t n) override;
  /// Planes and curves, and the mean of the keys at hand.
  void Begin(const CachedKeys& keys);
  /// Sorts the keys anew where a quarter as many again have come: each key about five times in all.
  void Sort(const CachedKeys& keys);

  LshParams params_;
  bool is_centred_;
  uint64_t seed_;
  uint32_t layer_;
  bool has_begun_ = false;
  KeyBlocks codes_;
  KeyBlocks norms_;
  size_t n_sorted_ = 0;
  cuda::LshRuns runs_;
  cuda::DeviceBuffer starts_;
  cuda::DeviceBuffer sorted_;
  cuda::DeviceBuffer mean_;
  cuda::DeviceBuffer panels_;
  cuda::DeviceBuffer curves_;
};

/// The state that a masker needs (HasState of the CPU's maskers).
std::unique_ptr<KeyState> MakeState(const MaskerConfig& masker, uint64_t seed, uint32_t layer,
                                    size_t head_dim, Dtype dtype);

}  // namespace sparsetune::device
