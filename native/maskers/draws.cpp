#include "maskers/draws.h"

#include "core/bits.h"
#include "kernels/sampling/sampling.h"

namespace sparsetune {

void DrawKeys(const QueryGroup& group, size_t g, const Selection& selection, DrawDomain domain,
              const std::vector<uint32_t>& excluded, size_t n, std::vector<uint32_t>* keys) {
  const GroupInput& input = *group.input;
  const size_t begin = selection.sink_end;
  const size_t population = selection.local_begin - begin - excluded.size();
  auto& bits = group.buffers->bits;
  bits.resize((population + 63) / 64);
  const DrawKey key = {group.seed, domain, input.layer,
                       static_cast<uint32_t>(input.kv_head * input.group_size + g),
                       static_cast<uint32_t>(selection.n_visible - 1)};
  SampleWithoutReplacement(key, static_cast<uint32_t>(population), static_cast<uint32_t>(n),
                           group.isa, bits.data());
  // One place further back, so that what is written below is not read again.
  keys->resize(1 + n + kListedAtOnce);
  uint32_t* result = keys->data();
  const uint32_t* drawn = result + 1;
  ListBits(bits.data(), bits.size(), static_cast<uint32_t>(begin), result + 1);
  // Whether the next excluded key lies before the next one drawn cannot be foretold where both are
  // many: nothing branches on it.
  size_t i = 0;
  size_t passed = 0;  // excluded keys before the one at hand
  while (i < n && passed < excluded.size()) {
    const uint32_t key = drawn[i] + static_cast<uint32_t>(passed);
    const bool is_excluded_first = excluded[passed] <= key;
    result[i] = key;
    i += is_excluded_first ? 0 : 1;
    passed += is_excluded_first ? 1 : 0;
  }
  for (; i < n; ++i) result[i] = drawn[i] + static_cast<uint32_t>(passed);
  keys->resize(n);
}

}  // namespace sparsetune
