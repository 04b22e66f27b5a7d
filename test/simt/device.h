#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace simt {

// Device memory of a test: of the emulator here, of a GPU in test:cuda.

void* DeviceNew(size_t n, const char* name);
void DeviceDelete(void* memory);
void CopyToDevice(void* to, const void* from, size_t n);
void CopyToHost(void* to, const void* from, size_t n);
/// Kernels may only read it, where that can be checked.
void ProtectInput(void* memory);

/// An array in device memory.
template <typename T>
class DeviceArray {
 public:
  DeviceArray(size_t n, const char* name)
      : n_(n), memory_(static_cast<T*>(DeviceNew(n * sizeof(T), name))) {}
  /// An input.
  DeviceArray(const std::vector<T>& values, const char* name) : DeviceArray(values.size(), name) {
    CopyToDevice(memory_, values.data(), n_ * sizeof(T));
    ProtectInput(memory_);
  }
  ~DeviceArray() { DeviceDelete(memory_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return memory_; }
  const T* data() const { return memory_; }
  size_t size() const { return n_; }
  void Set(const std::vector<T>& values) { CopyToDevice(memory_, values.data(), n_ * sizeof(T)); }
  std::vector<T> Get() const {
    std::vector<T> values(n_);
    CopyToHost(values.data(), memory_, n_ * sizeof(T));
    return values;
  }

 private:
  size_t n_;
  T* memory_;
};

/// A test of kernels, in every order of threads where there is a choice: `body` fails where the
/// emulator has reported something, too.
template <typename Body>
void TestKernels(const std::string& title, const Body& body);

/// Fails the test under way for every fault since the last call.
void ExpectNoFaults();
void SetOrder(int order);
int OrderCount();

}  // namespace simt

#include "native/kernels/testing.h"

template <typename Body>
void simt::TestKernels(const std::string& title, const Body& body) {
  sparsetune::testing::Test(title, [&] {
    ExpectNoFaults();
    for (int order = 0; order < OrderCount(); ++order) {
      SetOrder(order);
      body();
      ExpectNoFaults();
    }
    SetOrder(0);
  });
}
