#include "maskers/quantized_state.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "maskers/kv_rows.h"

namespace sparsetune {
namespace {

size_t BlocksOf(size_t n_keys) { return (n_keys + kQuantBlockKeys - 1) / kQuantBlockKeys; }

}  // namespace

std::unique_ptr<KeyState> QuantizedState::Continue() const {
  return std::make_unique<QuantizedState>(head_dim);
}

void QuantizedState::Reserve(size_t n_blocks, size_t n_used) {
  if (n_blocks <= n_allocated_) return;
  const size_t wanted = std::max(n_blocks, n_allocated_ + n_allocated_ / 2);
  StreamMemory grown = AllocateStreamMemory(wanted * block_bytes());
  if (n_used > 0) std::memcpy(grown.get(), blocks_.get(), n_used * block_bytes());
  blocks_ = std::move(grown);
  n_allocated_ = wanted;
}

Status QuantizedState::Extend(const KvView& kv, Isa /*isa*/) {
  const size_t n_keys = kv.n_kv() - first;
  const size_t n_begun = BlocksOf(n);
  Reserve(BlocksOf(n_keys), n_begun);
  std::vector<float> row(head_dim);
  for (size_t b = n_begun; b < BlocksOf(n_keys); ++b) {
    ClearQuantBlock(head_dim, blocks_.get() + b * block_bytes());
  }
  for (; n < n_keys; ++n) {
    ReadKey(kv, first + n, row.data());
    QuantizeKey(row.data(), head_dim, n % kQuantBlockKeys,
                blocks_.get() + n / kQuantBlockKeys * block_bytes());
  }
  return Status::kOk;
}

}  // namespace sparsetune
