#include "maskers/check_chain.h"

#include <algorithm>
#include <cmath>

namespace sparsetune {
namespace {

bool IsValidCount(const KeyCount& count) {
  if (count.is_fraction) return count.value > 0 && count.value <= 1;
  return count.value >= 1 && std::floor(count.value) == count.value;
}

bool IsShare(double value) { return value > 0 && value < 1; }

bool IsValidLsh(const MaskerConfig& masker) {
  return masker.lsh_k >= 1 && masker.lsh_k <= 16 && masker.lsh_l >= 1 && masker.lsh_l <= 512 &&
         masker.min_matches >= 1 && masker.min_matches <= std::min(2u, masker.lsh_l);
}

bool IsValid(const MaskerConfig& masker) {
  switch (masker.kind) {
    case MaskerKind::kSink:
    case MaskerKind::kLocal:
    case MaskerKind::kTopK:
      return IsValidCount(masker.size);
    case MaskerKind::kTopP:
      return masker.top_p >= 0 && masker.top_p <= 1;
    case MaskerKind::kQuest:
      return IsValidCount(masker.size) && masker.page_size >= 1;
    case MaskerKind::kDoubleSparsity:
      return IsValidCount(masker.size) && masker.group_factor >= 1 && masker.channels != nullptr;
    case MaskerKind::kHashTopK:
      return IsValidCount(masker.size) && masker.hash != nullptr;
    case MaskerKind::kRandomSampling:
      return masker.sampling_rate > 0 && masker.sampling_rate <= 1;
    case MaskerKind::kAdaptiveSampling:
      return IsValidCount(masker.size) && IsShare(masker.epsilon) && IsShare(masker.delta);
    case MaskerKind::kMagicPig:
      return IsValidLsh(masker);
  }
  return false;
}

}  // namespace

bool IsSampler(MaskerKind kind) {
  return kind == MaskerKind::kMagicPig || kind == MaskerKind::kRandomSampling ||
         kind == MaskerKind::kAdaptiveSampling;
}

Status CheckChain(const ChainConfig& chain) {
  if (chain.semantics != Semantics::kExact) return Status::kUnsupported;
  size_t n_samplers = 0;
  for (const MaskerConfig& masker : chain.maskers) {
    if (!IsValid(masker)) return Status::kInvalidArgument;
    n_samplers += IsSampler(masker.kind) ? 1 : 0;
  }
  return n_samplers <= 1 ? Status::kOk : Status::kInvalidArgument;
}

}  // namespace sparsetune
