#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/status.h"
#include "maskers/layer_cache.h"

namespace sparsetune::device {

// Attention of a decode whose queries, new keys and outputs are in the memory of device 0 already,
// where another user of CUDA in this process has put them. One thread at a time.

/// Why there is none; empty where there is. Asks the driver.
std::string WhyNoDecode();

/// Whether the bytes at `address` are memory of device 0.
bool IsOnDevice(const void* address);

/// What CUDA said when a call of this thread last failed.
std::string DecodeFailureText();

/// Owned memory of the device; null where it has no more, and in a build without CUDA.
std::shared_ptr<void> AllocateOnDevice(size_t bytes);
/// Copies, and waits.
Status CopyToHost(void* to, const void* from, size_t bytes);

/// Keys and values of n tokens, f16: token t begins t strides (bytes) on, its KV heads one after
/// another.
struct TokenRows {
  const void* keys = nullptr;
  size_t key_stride = 0;
  const void* values = nullptr;
  size_t value_stride = 0;
};

/// The tokens of one stream after its context, on the device: keys [capacity, n_kv_heads,
/// head_dim], then the values, f16.
struct Tail {
  void* memory = nullptr;
  size_t capacity = 0;
  size_t n = 0;  ///< tokens before those of the call
};

/// Queries and outputs on the device: those of token i, [n_q_heads, head_dim], begin i strides on,
/// at a multiple of 16 bytes.
struct DecodeRows {
  const float* queries = nullptr;
  size_t query_stride = 0;  ///< in floats
  float* output = nullptr;
  size_t output_stride = 0;  ///< in floats
};

/// The stream of the device, and the memory, in which calls on many caches work one after another.
class DecodeRoom;
std::shared_ptr<DecodeRoom> MakeDecodeRoom();

/// A context in the keys and values of one layer on the device, f16, with what chains remember of
/// it; many streams share it. Each call puts the tail of its stream behind the context anew, so
/// that no stream has a copy of the context. Beyond the size of the keys and values, states of
/// chains are freed, those used longest ago first; those of this batch and of the one before it
/// stay. A batch begins with the first Prepare after a Forward.
class DecodeCache {
 public:
  virtual ~DecodeCache() = default;
  DecodeCache(const DecodeCache&) = delete;
  DecodeCache& operator=(const DecodeCache&) = delete;

  /// Makes room for a Forward of this input over tails of up to `tail_capacity` tokens, and brings
  /// the states of its chain up to the context.
  ///
  /// @param[in] input  `queries` is not read, here and below
  /// @return kOutOfMemory, kDevice; the cache goes on as before
  virtual Status Prepare(const ForwardInput& input, size_t tail_capacity) = 0;

  /// Copies the call's n_q new tokens behind those of the tail, and attends for them.
  ///
  /// @param[in]     fresh   the new tokens
  /// @param[in,out] tail    room for n + n_q tokens
  /// @param[in]     rows    of the new tokens
  /// @param[out]    stats   added to
  /// @return kInvalidShape, kInvalidArgument, kUnsupported (WhyNotChain, WhyNotHeads),
  /// kOutOfMemory,
  ///         kDevice. Has waited for all of its work.
  virtual Status Forward(const ForwardInput& input, const TokenRows& fresh, const Tail& tail,
                         const DecodeRows& rows, GroupStats* stats) = 0;

 protected:
  DecodeCache() = default;
};

/// A context on the host: keys, and values, [n_kv_heads, n, head_dim], f16.
struct HostContext {
  const void* keys = nullptr;
  const void* values = nullptr;
  size_t n = 0;  ///< at least 1
  size_t n_kv_heads = 0;
  size_t head_dim = 0;
};

/// Copies a context to the device, with room for `n_tail` tokens after it.
///
/// @param[out] cache  works in `room`
/// @return kOutOfMemory, also where less than an eighth of the memory would be left; kDevice
Status MakeDecodeCache(const HostContext& context, size_t n_tail,
                       const std::shared_ptr<DecodeRoom>& room,
                       std::unique_ptr<DecodeCache>* cache);

}  // namespace sparsetune::device
