#include "cuda/attend_launch.cuh"

namespace sparsetune::cuda {

Status LaunchAttendF32(const AttendArgs& args, const LaunchShape& shape) {
  return LaunchAttend<float>(args, shape);
}

}  // namespace sparsetune::cuda
