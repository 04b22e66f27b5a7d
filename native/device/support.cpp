#include "device/support.h"

#include <algorithm>
#include <iterator>

#include "cuda/learned.h"
#include "maskers/check_chain.h"
#include "maskers/masker_kind.h"

namespace sparsetune::device {
namespace {

bool IsRange(MaskerKind kind) { return kind == MaskerKind::kSink || kind == MaskerKind::kLocal; }
bool IsChooser(MaskerKind kind) { return !IsRange(kind) && !IsSampler(kind); }
/// Whether heads list other numbers of keys than each other.
bool IsUneven(MaskerKind kind) { return kind == MaskerKind::kQuest || kind == MaskerKind::kTopP; }

bool IsTooLarge(const HashNetwork& network) {
  return network.size() > cuda::kMaxHashLayers ||
         std::any_of(network.begin(), network.end(), [](const HashLayer& layer) {
           return std::max(layer.n_in, layer.n_out) > cuda::kMaxHashWidth;
         });
}
bool IsTooLarge(const HashWeights& weights) {
  return std::any_of(weights.layers.begin(), weights.layers.end(), [](const HashOfLayer& layer) {
    return IsTooLarge(layer.query) || IsTooLarge(layer.key);
  });
}

std::string Named(const MaskerConfig& masker) {
  return std::string("masker \"") + MaskerName(masker.kind) + "\"";
}

}  // namespace

std::string WhyNotChain(const ChainConfig& chain) {
  if (chain.semantics != Semantics::kExact) return "semantics \"hub\" has no CUDA kernels";
  const MaskerConfig* last = nullptr;  // that is neither sink nor local
  bool is_even = true;                 // all heads list as many keys as each other
  for (const MaskerConfig& masker : chain.maskers) {
    if (IsRange(masker.kind)) {
      is_even = is_even && last == nullptr;
      continue;
    }
    if (masker.hash != nullptr && IsTooLarge(*masker.hash)) {
      return Named(masker) + " has no CUDA kernels for networks of more than " +
             std::to_string(cuda::kMaxHashLayers) + " layers or " +
             std::to_string(cuda::kMaxHashWidth) + " numbers between them";
    }
    if (last != nullptr && (IsChooser(masker.kind) || IsSampler(last->kind))) {
      return Named(masker) + " after " + Named(*last) + " has no CUDA kernels";
    }
    // A fraction of what each head has left.
    const bool is_fraction =
        masker.kind == MaskerKind::kAdaptiveSampling && masker.size.is_fraction;
    if (is_fraction && !is_even) {
      return Named(masker) +
             " with baseFraction has no CUDA kernels after heads have come to list different " +
             "numbers of keys (quest or top_p, or another choice and then sink or local)";
    }
    is_even = is_even && !IsUneven(masker.kind);
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
