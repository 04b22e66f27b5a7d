#pragma once

#include "core/status.h"

namespace sparsetune::device {

/// Thrown inside this folder where a call of native/cuda fails; DeviceKvCache returns its status.
struct DeviceFailure {
  Status status;
};

/// @throws DeviceFailure unless `status` is kOk
inline void Check(Status status) {
  if (status != Status::kOk) throw DeviceFailure{status};
}

}  // namespace sparsetune::device
