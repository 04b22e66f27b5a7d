#pragma once

#include <string>

namespace sparsetune::cuda {

/// What this build and this machine can do with CUDA.
struct Probed {
  bool is_built = false;      ///< with CUDA kernels
  bool is_available = false;  ///< a device is here that they run on
  std::string reason;         ///< why not; empty where available
  std::string device;         ///< name of device 0, where available
  int driver_version = 0;     ///< 1000 * major + 10 * minor; 0: no driver
  int runtime_version = 0;    ///< as driver_version
};

/// Never fails and needs no driver. Safe from any thread.
Probed Probe();

}  // namespace sparsetune::cuda
