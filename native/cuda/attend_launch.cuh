#pragma once

#include "cuda/attend.cuh"
#include "cuda/check.cuh"
#include "cuda/dispatch.cuh"

namespace sparsetune::cuda {

template <typename T>
Status LaunchAttend(const AttendArgs& args, const LaunchShape& shape) {
  return WithHeadDim(args.rows.kv.head_dim, [&](auto head_dim) {
    return WithGroup(args.group_size, [&](auto group) {
      LaunchKernel("Attend", AttendKernel<T, decltype(head_dim)::value, decltype(group)::value>,
                   shape, args);
      return LaunchStatus();
    });
  });
}

// One unit each, so that they compile side by side.
Status LaunchAttendF32(const AttendArgs& args, const LaunchShape& shape);
Status LaunchAttendF16(const AttendArgs& args, const LaunchShape& shape);
Status LaunchAttendBf16(const AttendArgs& args, const LaunchShape& shape);

}  // namespace sparsetune::cuda
