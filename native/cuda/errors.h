#pragma once

#include <string>

namespace sparsetune::cuda {

/// What CUDA said when a call of this thread last returned kDevice or kOutOfMemory.
std::string LastError();

}  // namespace sparsetune::cuda
