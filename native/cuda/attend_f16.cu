#include "cuda/attend_launch.cuh"

namespace sparsetune::cuda {

Status LaunchAttendF16(const AttendArgs& args, const LaunchShape& shape) {
  return LaunchAttend<F16>(args, shape);
}

}  // namespace sparsetune::cuda
