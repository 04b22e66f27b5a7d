#include "device/support.h"

#include <algorithm>
#include <iterator>

#include "cuda/rows.h"
#include "maskers/check_chain.h"
#include "maskers/masker_kind.h"

namespace sparsetune::device {
namespace {

bool IsRange(MaskerKind kind) { return kind == MaskerKind::kSink || kind == MaskerKind::kLocal; }
bool IsChooser(MaskerKind kind) { return kind == MaskerKind::kTopK || kind == MaskerKind::kQuest; }

std::string Named(const MaskerConfig& masker) {
  return std::string("masker \"") + MaskerName(masker.kind) + "\"";
}

}  // namespace

std::string WhyNotChain(const ChainConfig& chain) {
  if (chain.semantics != Semantics::kExact) return "semantics \"hub\" has no CUDA kernels";
  const MaskerConfig* last = nullptr;  // that is neither sink nor local
  for (const MaskerConfig& masker : chain.maskers) {
    if (IsRange(masker.kind)) continue;
    if (!IsChooser(masker.kind) && !IsSampler(masker.kind)) {
      return Named(masker) + " has no CUDA kernels";
    }
    if (last != nullptr && (IsChooser(masker.kind) || IsSampler(last->kind))) {
      return Named(masker) + " after " + Named(*last) + " has no CUDA kernels";
    }
    if (last != nullptr && last->kind == MaskerKind::kQuest &&
        masker.kind == MaskerKind::kAdaptiveSampling && masker.size.is_fraction) {
      return Named(masker) + " with baseFraction after " + Named(*last) + " has no CUDA kernels";
    }
    last = &masker;
  }
  return "";
}

std::string WhyNotHeads(size_t head_dim, size_t group_size) {
  const auto* end = std::end(cuda::kHeadDims);
  if (std::find(std::begin(cuda::kHeadDims), end, head_dim) == end) {
    std::string sizes;
    for (const size_t size : cuda::kHeadDims) {
      sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
    }
    return "headDim " + std::to_string(head_dim) + " has no CUDA kernels (" + sizes + " have)";
  }
  if (group_size <= cuda::kMaxGroup) return "";
  return std::to_string(group_size) + " query heads a KV head have no CUDA kernels (up to " +
         std::to_string(cuda::kMaxGroup) + " have)";
}

}  // namespace sparsetune::device
