#include "maskers/key_index.h"

#include <algorithm>
#include <new>

#include "maskers/hash_state.h"
#include "maskers/label_state.h"
#include "maskers/lsh_state.h"
#include "maskers/page_state.h"
#include "maskers/quantized_state.h"

namespace sparsetune {
namespace {

std::unique_ptr<KeyState> MakeState(const MaskerConfig& masker, const ChainConfig& chain,
                                    uint32_t layer, size_t head_dim, HeadPlace place) {
  if (!HasState(masker)) return nullptr;
  switch (masker.kind) {
    case MaskerKind::kTopK:
      return std::make_unique<QuantizedState>(head_dim);
    case MaskerKind::kMagicPig:
      return std::make_unique<LshState>(masker, chain.seed, layer, head_dim);
    case MaskerKind::kQuest:
      return std::make_unique<PageState>(masker.page_size, head_dim);
    case MaskerKind::kDoubleSparsity:
      return std::make_unique<LabelState>(masker, layer, head_dim, place);
    case MaskerKind::kHashTopK:
      return std::make_unique<HashState>(masker, layer, head_dim, place);
    default:
      return nullptr;
  }
}

std::string StateKey(const MaskerConfig& masker, uint64_t seed) {
  switch (masker.kind) {
    case MaskerKind::kTopK:
      return "int8";
    case MaskerKind::kMagicPig:
      return "magic_pig/" + std::to_string(masker.lsh_l) + "/" + std::to_string(masker.lsh_k) +
             (masker.center ? "/keys/" : "/none/") + std::to_string(seed);
    case MaskerKind::kQuest:
      return "quest/" + std::to_string(masker.page_size);
    case MaskerKind::kDoubleSparsity:
      return "double_sparsity/" + std::to_string(masker.group_factor) + "/" +
             std::to_string(masker.channels == nullptr ? 0 : masker.channels->fingerprint);
    case MaskerKind::kHashTopK:
      return "hash_top_k/" + std::to_string(masker.hash == nullptr ? 0 : masker.hash->fingerprint);
    default:
      return "";
  }
}

}  // namespace

bool HasState(const MaskerConfig& masker) {
  switch (masker.kind) {
    case MaskerKind::kTopK:
      return masker.score_dtype == ScoreDtype::kInt8;
    case MaskerKind::kMagicPig:
    case MaskerKind::kQuest:
    case MaskerKind::kDoubleSparsity:
    case MaskerKind::kHashTopK:
      return true;
    default:
      return false;
  }
}

bool NeedsIndex(const ChainConfig& chain) {
  return std::any_of(chain.maskers.begin(), chain.maskers.end(), HasState);
}

std::string IndexKey(const ChainConfig& chain) {
  std::string key;
  for (const MaskerConfig& masker : chain.maskers) {
    if (HasState(masker)) key += (key.empty() ? "" : "+") + StateKey(masker, chain.seed);
  }
  return key;
}

KeyIndex::KeyIndex(const ChainConfig& chain, uint32_t layer, size_t head_dim, HeadPlace place)
    : state_(std::make_unique<State>()) {
  state_->head_dim = head_dim;
  for (const MaskerConfig& masker : chain.maskers) {
    if (!HasState(masker)) continue;
    state_->states.push_back(MakeState(masker, chain, layer, head_dim, place));
  }
}

KeyIndex::KeyIndex(std::shared_ptr<const KeyIndex> parent) : state_(std::make_unique<State>()) {
  const State& of_parent = parent->state();
  state_->first = of_parent.first + of_parent.n;
  state_->head_dim = of_parent.head_dim;
  for (const auto& state : of_parent.states) {
    state_->states.push_back(state->Continue());
    state_->states.back()->first = state_->first;
  }
  state_->parent = std::move(parent);
}

KeyIndex::~KeyIndex() = default;

Status KeyIndex::Extend(const KvView& kv, Isa isa) {
  if (kv.head_dim != state_->head_dim || kv.n_kv() < n_kv()) return Status::kInvalidShape;
  if (kv.n_kv() == n_kv()) return Status::kOk;
  try {
    for (const auto& state : state_->states) {
      const Status status = state->Extend(kv, isa);
      if (status != Status::kOk) return status;
    }
  } catch (const std::bad_alloc&) {
    return Status::kOutOfMemory;
  }
  state_->n = kv.n_kv() - state_->first;
  return Status::kOk;
}

size_t KeyIndex::n_kv() const { return state_->first + state_->n; }

size_t KeyIndex::bytes() const {
  size_t bytes = 0;
  for (const auto& state : state_->states) bytes += state->bytes();
  return bytes;
}

}  // namespace sparsetune
