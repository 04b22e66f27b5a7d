#include "maskers/work.h"

#include <algorithm>

#include "maskers/key_index.h"
#include "maskers/selection.h"

namespace sparsetune {
namespace {

/// To wake a thread costs the caller up to 20 microseconds where the cores are busy; this much
/// takes ten times as long.
constexpr double kWorthWaking = 4 << 20;
/// About 20 microseconds of streaming by one core; a sleeping thread begins after 10 to 50.
constexpr double kBytesPerThread = 512 << 10;
/// What a core computes while it streams a byte.
constexpr double kFlopPerByte = 3;

/// Bytes read to choose keys.
double ChoiceBytes(const MaskerConfig& masker, const WorkShape& shape) {
  const auto n_kv = static_cast<double>(shape.n_kv);
  const auto row_bytes = static_cast<double>(shape.row_bytes);
  const auto group_size = static_cast<double>(shape.group_size);
  const double passes = n_kv * group_size * 2 * sizeof(float);  // over the scores of each head
  switch (masker.kind) {
    case MaskerKind::kTopK:
    case MaskerKind::kTopP:
      return n_kv * row_bytes + passes;
    case MaskerKind::kQuest:
      return (2 * n_kv * row_bytes + passes) / std::max(1u, masker.page_size);
    case MaskerKind::kDoubleSparsity:
      return n_kv * row_bytes / std::max(1u, masker.group_factor) + passes;
    case MaskerKind::kHashTopK:
      return n_kv * sizeof(uint64_t) * group_size + passes;
    case MaskerKind::kMagicPig:
      // Buckets read far less than all codes; hashing, counting and weighing take the time.
      return n_kv * masker.lsh_l * (masker.lsh_k <= 8 ? 1 : 2);
    default:
      return 0;
  }
}

/// Key rows, and as many value rows, that are attended.
double AttendedRows(const MaskerConfig& masker, const WorkShape& shape) {
  const auto n_kv = static_cast<double>(shape.n_kv);
  const auto n_heads = static_cast<double>(shape.group_size);
  switch (masker.kind) {
    case MaskerKind::kSink:
    case MaskerKind::kLocal:
      return static_cast<double>(CountKeys(masker.size, shape.n_kv));
    case MaskerKind::kRandomSampling:
      return n_heads * masker.sampling_rate * n_kv;
    case MaskerKind::kTopP:
    case MaskerKind::kMagicPig:
      return 0;  // not known before; to choose costs much more
    default:
      return n_heads * static_cast<double>(CountKeys(masker.size, shape.n_kv));
  }
}

}  // namespace

double QueryBytes(const ChainConfig& chain, const WorkShape& shape) {
  const auto n_kv = static_cast<double>(shape.n_kv);
  double choice = 0;
  double n_rows = chain.maskers.empty() ? n_kv : 0;
  for (const MaskerConfig& masker : chain.maskers) {
    choice += ChoiceBytes(masker, shape);
    n_rows += AttendedRows(masker, shape);
  }
  return choice + 2 * std::min(n_rows, n_kv) * static_cast<double>(shape.row_bytes);
}

double IndexBytes(const ChainConfig& chain, const WorkShape& shape) {
  double bytes = 0;
  for (const MaskerConfig& masker : chain.maskers) {
    if (!HasState(masker)) continue;
    bytes += static_cast<double>(shape.row_bytes);
    if (masker.kind == MaskerKind::kMagicPig) {
      bytes +=
          2.0 * masker.lsh_l * masker.lsh_k * static_cast<double>(shape.head_dim) / kFlopPerByte;
    }
    if (masker.kind == MaskerKind::kHashTopK && masker.hash != nullptr) {
      // At least one dense layer of as many outputs as inputs.
      bytes += 2.0 * static_cast<double>(shape.head_dim * shape.head_dim) / kFlopPerByte;
    }
  }
  return bytes;
}

size_t WorthwhileThreads(double bytes, size_t n_threads) {
  if (bytes < kWorthWaking) return 1;
  const double n_paid = std::min(bytes / kBytesPerThread, static_cast<double>(n_threads));
  return std::max<size_t>(1, static_cast<size_t>(n_paid));
}

}  // namespace sparsetune
