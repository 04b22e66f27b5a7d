#include "maskers/quantized_state.h"

#include "maskers/kv_rows.h"

namespace sparsetune {

std::unique_ptr<KeyState> QuantizedState::Continue() const {
  return std::make_unique<QuantizedState>(head_dim);
}

Status QuantizedState::Extend(const KvView& kv, Isa /*isa*/) {
  const size_t n_keys = kv.n_kv() - first;
  const size_t n_blocks = (n_keys + kQuantBlockKeys - 1) / kQuantBlockKeys;
  const size_t n_begun = (n + kQuantBlockKeys - 1) / kQuantBlockKeys;
  lines_.resize(n_blocks * block_bytes() / sizeof(Line));
  auto* blocks = reinterpret_cast<uint8_t*>(lines_.data());
  for (size_t b = n_begun; b < n_blocks; ++b) ClearQuantBlock(head_dim, blocks + b * block_bytes());
  std::vector<float> row(head_dim);
  for (; n < n_keys; ++n) {
    ReadKey(kv, first + n, row.data());
    QuantizeKey(row.data(), head_dim, n % kQuantBlockKeys,
                blocks + n / kQuantBlockKeys * block_bytes());
  }
  return Status::kOk;
}

}  // namespace sparsetune
