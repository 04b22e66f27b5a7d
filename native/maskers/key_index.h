#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "maskers/chain.h"

namespace sparsetune {

/// What one masker remembers of the keys first .. first + n - 1, in one link of a KeyIndex.
class KeyState {
 public:
  KeyState() = default;
  virtual ~KeyState() = default;
  KeyState(const KeyState&) = delete;
  KeyState& operator=(const KeyState&) = delete;

  /// A state of the keys that come after those of this one, with what this one has frozen.
  virtual std::unique_ptr<KeyState> Continue() const = 0;
  /// Adds the keys from first + n to the end of `kv`.
  virtual Status Extend(const KvView& kv, Isa isa) = 0;
  virtual size_t bytes() const = 0;

  size_t first = 0;
  size_t n = 0;
};

/// A list of links parent <- child, each with a state per masker that needs one.
struct KeyIndex::State {
  std::shared_ptr<const KeyIndex> parent;
  size_t first = 0;  ///< keys indexed by the parents
  size_t n = 0;      ///< keys indexed here
  size_t head_dim = 0;
  std::vector<std::unique_ptr<KeyState>> states;
};

/// Whether a masker has a state in an index. Its slot is the number of such maskers before it.
bool HasState(const MaskerConfig& masker);

/// The states of a slot from the oldest parent on, those without keys left out. `T` is the one
/// that the masker of the slot makes.
template <typename T>
std::vector<const T*> LinksOf(const KeyIndex& index, size_t slot) {
  std::vector<const T*> links;
  for (const KeyIndex* link = &index; link != nullptr; link = link->state().parent.get()) {
    const KeyState& state = *link->state().states[slot];
    if (state.n > 0) links.insert(links.begin(), static_cast<const T*>(&state));
  }
  return links;
}

}  // namespace sparsetune
