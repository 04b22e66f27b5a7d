#pragma once

#include <cstddef>
#include <utility>

#include "core/status.h"
#include "cuda/stream.h"

namespace sparsetune::cuda {

// Every call is for device 0. Those that return a Status return kOutOfMemory or kDevice with its
// text in LastError(); what failed has changed nothing.

/// Memory of the device, owned.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  ~DeviceBuffer();
  DeviceBuffer(DeviceBuffer&& other) noexcept { *this = std::move(other); }
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;

  /// Room for `bytes`, of unknown content; what it held before is freed.
  Status Allocate(size_t bytes);
  /// As Allocate, where it has less room; else it stays as it is.
  Status Reserve(size_t bytes) { return bytes <= bytes_ ? Status::kOk : Allocate(bytes); }

  size_t bytes() const { return bytes_; }
  template <typename T>
  T* as() const {
    return static_cast<T*>(memory_);
  }

 private:
  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

/// A stream, owned.
class OwnedStream {
 public:
  OwnedStream() = default;
  ~OwnedStream();
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;

  /// Nothing where it is created already.
  Status Create();
  Stream get() const { return stream_; }

 private:
  Stream stream_ = nullptr;
};

/// Rows of equal length that lie apart.
struct Pitched {
  size_t width = 0;  ///< bytes of a row that are copied
  size_t n_rows = 0;
  size_t to_pitch = 0;    ///< bytes from row to row
  size_t from_pitch = 0;  ///< bytes from row to row
};

// Work on a stream. Memory of the host may be reused, or read, after Synchronise.
Status CopyToDevice(void* to, const void* from, size_t bytes, Stream stream);
Status CopyToHost(void* to, const void* from, size_t bytes, Stream stream);
Status CopyOnDevice(void* to, const void* from, size_t bytes, Stream stream);
Status CopyRowsToDevice(void* to, const void* from, const Pitched& rows, Stream stream);
Status CopyRowsOnDevice(void* to, const void* from, const Pitched& rows, Stream stream);
/// All bytes become zero.
Status Clear(void* memory, size_t bytes, Stream stream);

/// Makes device 0 the current one of this thread, whichever another user of CUDA in this process
/// has chosen.
Status UseFirstDevice();
/// Whether the bytes at `address` are memory of device 0, whoever in this process has allocated it:
/// all copies of CUDA's runtime share the device's primary context.
bool IsOnDevice(const void* address);

/// Waits for what is on the stream; what went wrong there is returned here.
Status Synchronise(Stream stream);

/// Bytes of the device, and those of them that nobody in any process uses.
struct DeviceMemory {
  size_t n_free = 0;
  size_t n_total = 0;
};
Status ReadDeviceMemory(DeviceMemory* memory);

/// Multiprocessors of the device, at least 1.
size_t MultiprocessorCount();

}  // namespace sparsetune::cuda
