#include "device/decode_cache.h"

#include <new>
#include <utility>

#include "cuda/errors.h"
#include "cuda/probe.h"
#include "device/chain_states.h"
#include "device/failure.h"
#include "device/forward.h"
#include "device/support.h"
#include "maskers/check_chain.h"

namespace sparsetune::device {

std::string WhyNoDecode() { return cuda::Probe().reason; }

std::string DecodeFailureText() { return cuda::LastError(); }

}  // namespace sparsetune::device

#if defined(SPARSETUNE_HAS_CUDA)

namespace sparsetune::device {

class DecodeRoom {
 public:
  /// Runs a step, and turns what it throws into a status.
  template <typename Step>
  Status Guarded(const Step& step) {
    try {
      Check(cuda::UseFirstDevice());
      Check(stream_.Create());
      step(stream_.get());
      return Status::kOk;
    } catch (const DeviceFailure& failure) {
      return failure.status;
    } catch (const std::bad_alloc&) {
      return Status::kOutOfMemory;
    }
  }
  Workspace* work() { return &work_; }

 private:
  cuda::OwnedStream stream_;  // first, so that it goes last
  Workspace work_;
};

namespace {

/// One part in so many of the device's memory is left by contexts: to their tails, and to the other
/// users of the device.
constexpr size_t kSpareShare = 8;

/// Keys and values of tokens: [n, n_kv_heads, head_dim] each.
struct Rows {
  cuda::DeviceBuffer keys;
  cuda::DeviceBuffer values;
};

class ContextCache final : public DecodeCache {
 public:
  ContextCache(const HostContext& context, std::shared_ptr<DecodeRoom> room)
      : room_(std::move(room)),
        n_kv_heads_(context.n_kv_heads),
        head_dim_(context.head_dim),
        n_context_(context.n) {}

  Status Fill(const HostContext& context, size_t n_tail) {
    return room_->Guarded([&](cuda::Stream stream) {
      allocated_ = n_context_ + n_tail;
      Allocate(allocated_, &rows_);
      cuda::DeviceBuffer staged;
      Check(staged.Allocate(n_context_ * token_bytes()));
      Upload(context.keys, staged, rows_.keys, stream);
      Upload(context.values, staged, rows_.values, stream);
      Check(cuda::Synchronise(stream));
    });
  }

  Status Prepare(const ForwardInput& input, size_t tail_capacity) override {
    return room_->Guarded([&](cuda::Stream stream) {
      if (has_attended_) states_.BeginRound();
      has_attended_ = false;
      Reserve(n_context_ + tail_capacity, stream);
      ReserveFor(input, Keys(n_context_, stream), room_->work());
      ExtendToContext(input, stream);
      states_.Limit(2 * n_context_ * token_bytes(), 1);
    });
  }

  Status Forward(const ForwardInput& input, const TokenRows& fresh, const Tail& tail,
                 const DecodeRows& rows, GroupStats* stats) override {
    const size_t n = tail.n + input.n_q;
    if (input.n_q == 0 || n > tail.capacity || input.n_q_heads % n_kv_heads_ != 0) {
      return Status::kInvalidShape;
    }
    const Status valid = CheckChain(input.chain);
    if (valid != Status::kOk) return valid;
    if (!WhyNotChain(input.chain).empty() ||
        !WhyNotHeads(head_dim_, input.n_q_heads / n_kv_heads_).empty()) {
      return Status::kUnsupported;
    }
    return room_->Guarded([&](cuda::Stream stream) {
      has_attended_ = true;
      Reserve(n_context_ + n, stream);
      ExtendToContext(input, stream);
      PutTail(fresh, tail, input.n_q, stream);
      CachedKeys keys = Keys(n_context_ + n, stream);
      keys.is_passing = true;
      const auto states = states_.Extend(input.chain, input.layer, keys);
      const DeviceRows on_device = {rows.queries, rows.query_stride, rows.output,
                                    rows.output_stride};
      AttendOnDevice(input, keys, states, on_device, room_->work(), nullptr, stats, nullptr);
    });
  }

 private:
  size_t token_bytes() const { return n_kv_heads_ * head_dim_ * DtypeBytes(Dtype::kF16); }

  CachedKeys Keys(size_t n, cuda::Stream stream) const {
    const cuda::KvRows rows = {
        rows_.keys.as<void>(), rows_.values.as<void>(), Dtype::kF16, head_dim_,
        n_kv_heads_,           n_kv_heads_ * head_dim_, head_dim_};
    return {rows, n, allocated_, stream};
  }

  /// Memory for n tokens, where enough is left then.
  void Allocate(size_t n, Rows* rows) const {
    cuda::DeviceMemory memory;
    Check(cuda::ReadDeviceMemory(&memory));
    if (memory.n_free < 2 * n * token_bytes() + memory.n_total / kSpareShare) {
      throw DeviceFailure{Status::kOutOfMemory};
    }
    Check(rows->keys.Allocate(n * token_bytes()));
    Check(rows->values.Allocate(n * token_bytes()));
  }

  /// [n_kv_heads, n, head_dim] of the host as [n, n_kv_heads, head_dim].
  void Upload(const void* from, const cuda::DeviceBuffer& staged, const cuda::DeviceBuffer& to,
              cuda::Stream stream) const {
    const size_t row_bytes = head_dim_ * DtypeBytes(Dtype::kF16);
    Check(cuda::CopyToDevice(staged.as<void>(), from, n_context_ * token_bytes(), stream));
    for (size_t head = 0; head < n_kv_heads_; ++head) {
      Check(cuda::CopyRowsOnDevice(to.as<uint8_t>() + head * row_bytes,
                                   staged.as<uint8_t>() + head * n_context_ * row_bytes,
                                   {row_bytes, n_context_, token_bytes(), row_bytes}, stream));
    }
  }

  /// Room for `n` tokens; the context stays.
  void Reserve(size_t n, cuda::Stream stream) {
    if (n <= allocated_) return;
    Rows grown;
    Allocate(n, &grown);
    const size_t bytes = n_context_ * token_bytes();
    Check(cuda::CopyOnDevice(grown.keys.as<void>(), rows_.keys.as<void>(), bytes, stream));
    Check(cuda::CopyOnDevice(grown.values.as<void>(), rows_.values.as<void>(), bytes, stream));
    Check(cuda::Synchronise(stream));
    rows_ = std::move(grown);
    allocated_ = n;
  }

  /// Brings the states of a chain to the context and no further: what they freeze, they freeze
  /// there.
  void ExtendToContext(const ForwardInput& input, cuda::Stream stream) {
    states_.Truncate(n_context_);
    try {
      states_.Extend(input.chain, input.layer, Keys(n_context_, stream));
    } catch (const DeviceFailure& failure) {
      if (failure.status != Status::kOutOfMemory) throw;
      states_.Limit(0, 0);
      states_.Extend(input.chain, input.layer, Keys(n_context_, stream));
    }
  }

  /// The new tokens into the tail, and the tail behind the context.
  void PutTail(const TokenRows& fresh, const Tail& tail, size_t n_new, cuda::Stream stream) const {
    auto* keys = static_cast<uint8_t*>(tail.memory);
    Put(fresh.keys, fresh.key_stride, keys, tail.n, n_new, rows_.keys, stream);
    Put(fresh.values, fresh.value_stride, keys + tail.capacity * token_bytes(), tail.n, n_new,
        rows_.values, stream);
  }

  void Put(const void* fresh, size_t stride, uint8_t* tail, size_t n_old, size_t n_new,
           const cuda::DeviceBuffer& rows, cuda::Stream stream) const {
    Check(cuda::CopyRowsOnDevice(tail + n_old * token_bytes(), fresh,
                                 {token_bytes(), n_new, token_bytes(), stride}, stream));
    Check(cuda::CopyOnDevice(rows.as<uint8_t>() + n_context_ * token_bytes(), tail,
                             (n_old + n_new) * token_bytes(), stream));
  }

  std::shared_ptr<DecodeRoom> room_;
  size_t n_kv_heads_;
  size_t head_dim_;
  size_t n_context_;
  size_t allocated_ = 0;  ///< tokens
  Rows rows_;
  ChainStates states_;
  bool has_attended_ = false;  ///< since the last Prepare
};

}  // namespace

bool IsOnDevice(const void* address) { return cuda::IsOnDevice(address); }

std::shared_ptr<void> AllocateOnDevice(size_t bytes) {
  auto buffer = std::make_shared<cuda::DeviceBuffer>();
  if (cuda::UseFirstDevice() != Status::kOk || buffer->Allocate(bytes) != Status::kOk) {
    return nullptr;
  }
  return {buffer, buffer->as<void>()};
}

Status CopyToHost(void* to, const void* from, size_t bytes) {
  Status status = cuda::UseFirstDevice();
  if (status == Status::kOk) status = cuda::CopyToHost(to, from, bytes, nullptr);
  return status == Status::kOk ? cuda::Synchronise(nullptr) : status;
}

std::shared_ptr<DecodeRoom> MakeDecodeRoom() { return std::make_shared<DecodeRoom>(); }

Status MakeDecodeCache(const HostContext& context, size_t n_tail,
                       const std::shared_ptr<DecodeRoom>& room,
                       std::unique_ptr<DecodeCache>* cache) {
  auto made = std::make_unique<ContextCache>(context, room);
  const Status status = made->Fill(context, n_tail);
  if (status == Status::kOk) *cache = std::move(made);
  return status;
}

}  // namespace sparsetune::device

#else

namespace sparsetune::device {

bool IsOnDevice(const void* /*address*/) { return false; }

std::shared_ptr<void> AllocateOnDevice(size_t /*bytes*/) { return nullptr; }

Status CopyToHost(void* /*to*/, const void* /*from*/, size_t /*bytes*/) { return Status::kDevice; }

std::shared_ptr<DecodeRoom> MakeDecodeRoom() { return nullptr; }

Status MakeDecodeCache(const HostContext& /*context*/, size_t /*n_tail*/,
                       const std::shared_ptr<DecodeRoom>& /*room*/,
                       std::unique_ptr<DecodeCache>* /*cache*/) {
  return Status::kDevice;
}

}  // namespace sparsetune::device

#endif
