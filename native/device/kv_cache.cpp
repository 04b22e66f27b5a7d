#include "device/kv_cache.h"

#if defined(SPARSETUNE_HAS_CUDA)

#include <mutex>
#include <new>
#include <vector>

#include "cuda/errors.h"
#include "device/chain_states.h"
#include "device/failure.h"
#include "device/forward.h"
#include "device/support.h"
#include "maskers/check_chain.h"

namespace sparsetune::device {
namespace {

/// Keys, or values: [n_kv_heads, allocated, head_dim].
struct Rows {
  cuda::DeviceBuffer memory;

  uint8_t* at(size_t offset) const { return memory.as<uint8_t>() + offset; }
};

class DeviceKvCache final : public LayerCache {
 public:
  using LayerCache::LayerCache;

  size_t bytes() const override { return 2 * shape().n_kv_heads * allocated_ * row_bytes(); }

  Status Append(const float* keys, const float* values, size_t n) override {
    if (n > shape().capacity - n_kv_) return Status::kInvalidShape;
    return Guarded([&] {
      if (n_kv_ + n > allocated_) Grow(n_kv_ + n);
      std::vector<uint8_t> staged(2 * shape().n_kv_heads * n * row_bytes());
      uint8_t* staged_values = staged.data() + staged.size() / 2;
      const size_t head_bytes = n * row_bytes();
      StoreRows(keys, shape(), n, head_bytes, staged.data());
      StoreRows(values, shape(), n, head_bytes, staged_values);
      const cuda::Pitched rows = {head_bytes, shape().n_kv_heads, allocated_ * row_bytes(),
                                  head_bytes};
      const size_t offset = n_kv_ * row_bytes();
      Check(cuda::CopyRowsToDevice(keys_.at(offset), staged.data(), rows, stream_.get()));
      Check(cuda::CopyRowsToDevice(values_.at(offset), staged_values, rows, stream_.get()));
      Check(cuda::Synchronise(stream_.get()));
      n_kv_ += n;
    });
  }

  Status FillRow(size_t kv_head, size_t row, bool keys, bool values, float value) override {
    return Guarded([&] {
      const std::vector<float> filled(shape().head_dim, value);
      std::vector<uint8_t> staged(row_bytes());
      StoreRows(filled.data(), {1, shape().head_dim, shape().dtype, 1}, 1, row_bytes(),
                staged.data());
      const size_t offset = (kv_head * allocated_ + row) * row_bytes();
      const auto fill = [&](const Rows& rows) {
        Check(cuda::CopyToDevice(rows.at(offset), staged.data(), row_bytes(), stream_.get()));
      };
      if (keys) fill(keys_);
      if (values) fill(values_);
      Check(cuda::Synchronise(stream_.get()));
    });
  }

  Status Forward(const ForwardInput& input, ForwardOutput* result) override {
    if (input.n_q == 0 || input.n_q > n_kv_ || input.n_q_heads == 0 ||
        input.n_q_heads % shape().n_kv_heads != 0) {
      return Status::kInvalidShape;
    }
    const Status valid = CheckChain(input.chain);
    if (valid != Status::kOk) return valid;
    const size_t group_size = input.n_q_heads / shape().n_kv_heads;
    if (!WhyNotChain(input.chain).empty() || !WhyNotHeads(shape().head_dim, group_size).empty()) {
      return Status::kUnsupported;
    }
    return Guarded([&] {
      const CachedKeys keys = {RowsOnDevice(), n_kv_, allocated_, stream_.get()};
      const auto states = states_.Extend(input.chain, input.layer, keys);
      ForwardOnDevice(input, keys, states, &work_, result);
    });
  }

  std::string FailureText() const override { return cuda::LastError(); }

 private:
  /// Runs a step alone, and turns what it throws into a status.
  template <typename Step>
  Status Guarded(const Step& step) {
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
      Check(stream_.Create());
      step();
      return Status::kOk;
    } catch (const DeviceFailure& failure) {
      return failure.status;
    } catch (const std::bad_alloc&) {
      return Status::kOutOfMemory;
    }
  }

  cuda::KvRows RowsOnDevice() const {
    const size_t head_dim = shape().head_dim;
    return {keys_.at(0),        values_.at(0), shape().dtype,        head_dim,
            shape().n_kv_heads, head_dim,      allocated_ * head_dim};
  }

  void Grow(size_t rows) {
    const size_t wanted = GrownRows(rows, allocated_);
    const size_t head_bytes = wanted * row_bytes();
    Rows keys;
    Rows values;
    Check(keys.memory.Allocate(shape().n_kv_heads * head_bytes));
    Check(values.memory.Allocate(shape().n_kv_heads * head_bytes));
    if (n_kv_ > 0) {
      const cuda::Pitched copied = {n_kv_ * row_bytes(), shape().n_kv_heads, head_bytes,
                                    allocated_ * row_bytes()};
      Check(cuda::CopyRowsOnDevice(keys.at(0), keys_.at(0), copied, stream_.get()));
      Check(cuda::CopyRowsOnDevice(values.at(0), values_.at(0), copied, stream_.get()));
      Check(cuda::Synchronise(stream_.get()));
    }
    std::swap(keys_, keys);
    std::swap(values_, values);
    allocated_ = wanted;
  }

  std::mutex mutex_;
  cuda::OwnedStream stream_;  // first, so that it goes last
  size_t allocated_ = 0;      ///< rows per head
  Rows keys_;
  Rows values_;
  ChainStates states_;
  Workspace work_;
};

}  // namespace

std::unique_ptr<LayerCache> MakeKvCache(const LayerCache::Shape& shape) {
  return std::make_unique<DeviceKvCache>(shape);
}

}  // namespace sparsetune::device

#else

namespace sparsetune::device {

std::unique_ptr<LayerCache> MakeKvCache(const LayerCache::Shape& /*shape*/) { return nullptr; }

}  // namespace sparsetune::device

#endif
