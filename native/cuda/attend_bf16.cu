#include "cuda/attend_launch.cuh"

namespace sparsetune::cuda {

Status LaunchAttendBf16(const AttendArgs& args, const LaunchShape& shape) {
  return LaunchAttend<Bf16>(args, shape);
}

}  // namespace sparsetune::cuda
