#include "maskers/masker_kind.h"

#include <cstring>

namespace sparsetune {
namespace {

struct Named {
  const char* name;
  MaskerKind kind;
};

constexpr Named kKinds[] = {
    {"sink", MaskerKind::kSink},
    {"local", MaskerKind::kLocal},
    {"top_k", MaskerKind::kTopK},
    {"top_p", MaskerKind::kTopP},
    {"quest", MaskerKind::kQuest},
    {"double_sparsity", MaskerKind::kDoubleSparsity},
    {"hash_top_k", MaskerKind::kHashTopK},
    {"random_sampling", MaskerKind::kRandomSampling},
    {"adaptive_sampling", MaskerKind::kAdaptiveSampling},
    {"magic_pig", MaskerKind::kMagicPig},
};

}  // namespace

const char* MaskerName(MaskerKind kind) {
  for (const Named& entry : kKinds) {
    if (entry.kind == kind) return entry.name;
  }
  return "";
}

bool FindMaskerKind(const char* name, MaskerKind* kind) {
  for (const Named& entry : kKinds) {
    if (std::strcmp(entry.name, name) != 0) continue;
    *kind = entry.kind;
    return true;
  }
  return false;
}

}  // namespace sparsetune
