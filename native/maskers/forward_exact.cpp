#include "maskers/forward_exact.h"

#include <algorithm>

#include "core/thread_pool.h"
#include "maskers/check_chain.h"
#include "maskers/scratch_list.h"
#include "maskers/work.h"

namespace sparsetune {
namespace {

/// Rows (query head, position) of a piece: enough to pay for the pass over the keys that the
/// pieces of a dense call do not share.
constexpr size_t kPieceRows = 32;
constexpr size_t kPiecePositions = 8;

/// What a call is cut into: piece i is block i % n_blocks of KV head i / n_blocks.
struct Pieces {
  Pieces(const ForwardInput& input, const KvCache& cache)
      : n_q(input.n_q),
        group_size(input.n_q_heads / cache.shape().n_kv_heads),
        block(std::max(kPiecePositions, (kPieceRows + group_size - 1) / group_size)),
        n_blocks((n_q + block - 1) / block),
        n(cache.shape().n_kv_heads * n_blocks) {}

  size_t n_q;
  size_t group_size;
  size_t block;  ///< query positions
  size_t n_blocks;
  size_t n;
};

struct PieceResult {
  Status status = Status::kOk;
  GroupStats stats;
  MaskRecord mask;  ///< rows ordered (query head, query) within the piece
};

struct Call {
  const ForwardInput& input;
  const KvCache& cache;
  const Pieces& pieces;
  const std::vector<const KeyIndex*>& indexes;
  float* output;
};

void RunPiece(const Call& call, size_t i, Scratch* scratch, PieceResult* result) {
  const ForwardInput& input = call.input;
  const Pieces& pieces = call.pieces;
  const size_t head = i / pieces.n_blocks;
  const size_t begin = i % pieces.n_blocks * pieces.block;
  const size_t end = std::min(begin + pieces.block, input.n_q);
  const size_t head_dim = call.cache.shape().head_dim;
  GroupInput group;
  group.group_size = pieces.group_size;
  group.head_stride = input.n_q * head_dim;
  group.query_stride = head_dim;
  group.n_q = end - begin;
  group.scale = input.scale;
  group.layer = input.layer;
  group.kv_head = static_cast<uint32_t>(head);
  group.kv = call.cache.View(head);
  group.kv.base.n_kv -= input.n_q - end;  // its queries stand at the last positions it sees
  const size_t offset = head * group.group_size * group.head_stride + begin * head_dim;
  group.queries = input.queries + offset;
  result->status = AttendGroup(input.chain, group, call.indexes[head], input.isa, scratch,
                               call.output + offset, group.head_stride, group.query_stride,
                               &result->stats, input.wants_mask ? &result->mask : nullptr);
}

void AddStats(const GroupStats& from, GroupStats* to) {
  to->attended += from.attended;
  to->visible += from.visible;
  to->rows += from.rows;
  to->density_sum += from.density_sum;
  to->bytes_read += from.bytes_read;
}

/// Rows [begin, begin + n) of one mask to the end of another.
void AppendMaskRows(const MaskRecord& from, size_t begin, size_t n, MaskRecord* to) {
  if (to->indptr.empty()) to->indptr.push_back(0);
  const uint64_t first = from.indptr[begin];
  for (size_t row = begin; row < begin + n; ++row) {
    to->indptr.push_back(to->indices.size() + from.indptr[row + 1] - first);
  }
  const auto at = static_cast<ptrdiff_t>(first);
  const auto end = static_cast<ptrdiff_t>(from.indptr[begin + n]);
  to->indices.insert(to->indices.end(), from.indices.begin() + at, from.indices.begin() + end);
  to->probs.insert(to->probs.end(), from.probs.begin() + at, from.probs.begin() + end);
}

/// The masks of the pieces in the order (query head, query).
void JoinMasks(const Pieces& pieces, const std::vector<PieceResult>& results, MaskRecord* mask) {
  for (size_t first = 0; first < pieces.n; first += pieces.n_blocks) {
    for (size_t g = 0; g < pieces.group_size; ++g) {
      for (size_t b = 0; b < pieces.n_blocks; ++b) {
        const size_t n_q = std::min(pieces.block, pieces.n_q - b * pieces.block);
        AppendMaskRows(results[first + b].mask, g * n_q, n_q, mask);
      }
    }
  }
}

}  // namespace

Status ForwardExact(const ForwardInput& input, KvCache* cache, ForwardOutput* result) {
  const auto& shape = cache->shape();
  std::vector<const KeyIndex*> indexes;
  Status status = CheckChain(input.chain);
  if (status != Status::kOk) return status;
  status = cache->ExtendIndexes(input.chain, {input.layer, input.isa, input.n_threads}, &indexes);
  if (status != Status::kOk) return status;
  const Pieces pieces(input, *cache);
  const WorkShape work = {cache->n_kv(), shape.head_dim, shape.head_dim * DtypeBytes(shape.dtype),
                          pieces.group_size};
  // A dense piece reads its keys once for all its positions, but computes for each of them.
  const double bytes =
      QueryBytes(input.chain, work) * static_cast<double>(input.n_q * shape.n_kv_heads);
  const size_t n_threads = std::min(WorthwhileThreads(bytes, input.n_threads), pieces.n);
  BorrowedScratches scratches(n_threads);
  std::vector<PieceResult> results(pieces.n);
  const Call call = {input, *cache, pieces, indexes, result->output.data()};
  ThreadPool::Shared().ForEach(pieces.n, n_threads, [&](size_t i, size_t slot) {
    RunPiece(call, i, scratches[slot], &results[i]);
  });
  for (const PieceResult& piece : results) {
    if (piece.status != Status::kOk) return piece.status;
    AddStats(piece.stats, &result->stats);
  }
  if (input.wants_mask) JoinMasks(pieces, results, &result->mask);
  return Status::kOk;
}

}  // namespace sparsetune
