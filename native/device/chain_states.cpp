#if defined(SPARSETUNE_HAS_CUDA)

#include "device/chain_states.h"

#include <algorithm>
#include <utility>

#include "maskers/chain.h"
#include "maskers/key_index.h"

namespace sparsetune::device {

std::vector<const KeyState*> ChainStates::Extend(const ChainConfig& chain, uint32_t layer,
                                                 const CachedKeys& keys) {
  std::vector<const KeyState*> states;
  for (const MaskerConfig& masker : chain.maskers) {
    states.push_back(nullptr);
    if (!HasState(masker)) continue;
    ChainConfig alone;
    alone.maskers = {masker};
    alone.seed = chain.seed;
    const std::string key = IndexKey(alone) + "/" + std::to_string(layer);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      auto state = MakeState(masker, chain.seed, layer, keys.rows.head_dim, keys.rows.dtype);
      found = entries_.emplace(key, Entry{std::move(state)}).first;
    }
    found->second.last_round = round_;
    found->second.state->Extend(keys);
    states.back() = found->second.state.get();
  }
  return states;
}

void ChainStates::Truncate(size_t n) {
  for (auto& [key, entry] : entries_) entry.state->Truncate(n);
}

void ChainStates::Limit(size_t bytes, size_t n_spared) {
  const auto is_older = [](const auto& a, const auto& b) {
    return a.second.last_round < b.second.last_round;
  };
  while (this->bytes() > bytes) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(), is_older);
    if (oldest->second.last_round + n_spared >= round_) return;
    entries_.erase(oldest);
  }
}

size_t ChainStates::bytes() const {
  size_t bytes = 0;
  for (const auto& [key, entry] : entries_) bytes += entry.state->bytes();
  return bytes;
}

}  // namespace sparsetune::device

#endif
