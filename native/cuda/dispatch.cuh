#pragma once

#include <cstddef>
#include <type_traits>

#include "core/status.h"
#include "cuda/rows.h"

namespace sparsetune::cuda {

template <int kValue>
using Constant = std::integral_constant<int, kValue>;

/// Calls visit(Constant<head_dim>) where kernels are built for it.
template <typename Visit>
Status WithHeadDim(size_t head_dim, const Visit& visit) {
  switch (head_dim) {
    case 64:
      return visit(Constant<64>());
    case 80:
      return visit(Constant<80>());
    case 96:
      return visit(Constant<96>());
    case 128:
      return visit(Constant<128>());
    case 256:
      return visit(Constant<256>());
    default:
      return Status::kUnsupported;
  }
}

/// Calls visit(Constant<n>) with the least group that kernels are built for and that holds the one
/// given.
template <typename Visit>
Status WithGroup(size_t group_size, const Visit& visit) {
  if (group_size <= 1) return visit(Constant<1>());
  if (group_size <= 2) return visit(Constant<2>());
  if (group_size <= 4) return visit(Constant<4>());
  return group_size <= kMaxGroup ? visit(Constant<8>()) : Status::kUnsupported;
}

}  // namespace sparsetune::cuda
