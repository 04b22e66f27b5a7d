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
  keys->resize(n + kListedAtOnce);
  ListBits(bits.data(), bits.size(), static_cast<uint32_t>(begin), keys->data());
  keys->resize(n);
  if (excluded.empty()) return;
  uint32_t passed = 0;  // excluded keys before the one at hand
  for (uint32_t& key : *keys) {
    while (passed < excluded.size() && excluded[passed] <= key + passed) ++passed;
    key += passed;
  }
}

}  // namespace sparsetune
