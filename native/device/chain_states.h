#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "device/key_states.h"

namespace sparsetune::device {

/// What the maskers of chains remember of the keys of one cache; chains that need the same state
/// share it.
class ChainStates {
 public:
  /// The states of a chain, one a masker (null where it needs none), extended to all keys.
  ///
  /// @throws DeviceFailure, std::bad_alloc
  std::vector<const KeyState*> Extend(const ChainConfig& chain, uint32_t layer,
                                      const CachedKeys& keys);
  /// Forgets the keys from `n` on.
  void Truncate(size_t n);
  /// Begins a new round of uses.
  void BeginRound() { ++round_; }
  /// Frees the states used longest ago, until at most `bytes` are held; those of this round and of
  /// the `n_spared` before it stay.
  void Limit(size_t bytes, size_t n_spared);

 private:
  struct Entry {
    std::unique_ptr<KeyState> state;
    size_t last_round = 0;
  };

  size_t bytes() const;

  std::map<std::string, Entry> entries_;
  size_t round_ = 0;
};

}  // namespace sparsetune::device
