#pragma once

#include "core/status.h"
#include "cuda/rows.h"
#include "cuda/stream.h"
#include "kernels/signatures/activation.h"

namespace sparsetune::cuda {

// What hash_top_k and double_sparsity know of keys, and the scores that it gives. Keys are in
// blocks of kPlaneKeys, a word or a channel after the other, so that lanes read neighbours.

inline constexpr size_t kPlaneKeys = 64;

/// One dense layer of a hash network, for each head: the CPU's, transposed.
struct HashLayer {
  const float* columns = nullptr;  ///< [n_heads, n_in, n_out]
  const float* bias = nullptr;     ///< [n_heads, n_out]
  unsigned n_in = 0;               ///< 1..kMaxHashWidth
  unsigned n_out = 0;              ///< as n_in
};

inline constexpr size_t kMaxHashLayers = 8;
inline constexpr size_t kMaxHashWidth = 512;

/// A network that turns head_dim numbers into as many as a signature has bits.
struct HashNetwork {
  HashLayer layers[kMaxHashLayers];
  size_t n_layers = 0;  ///< 1..kMaxHashLayers; n_in of a layer is n_out of the one before
  Activation activation = Activation::kSilu;
};

/// Signatures of keys under each network of their KV head.
struct SignatureTable {
  uint64_t* words = nullptr;  ///< [n_kv_heads, stride, n_networks, n_words, kPlaneKeys]
  size_t stride = 0;          ///< blocks of a head
  size_t n_networks = 0;      ///< of a KV head: 1, or one for each query head of its group
  size_t n_words = 0;         ///< of a signature: its bits by 64, rounded up
};

/// Writes the signatures of the keys [begin, end): a bit is set where the network's output is
/// above 0. Words are written whole; bits beyond the signature are 0.
///
/// @return kInvalidShape where a size is out of bounds, kDevice
///
/// One launch; outputs stay in shared memory between layers. Each is one chain of multiply-adds, so
/// that a bit may differ from the CPU's where the output is 0 but for rounding.
Status HashKeys(const KvRows& kv, size_t begin, size_t end, const HashNetwork& network,
                const SignatureTable& table, Stream stream);

/// Signatures of queries, [n_kv_heads * group_size, n_words]; otherwise as HashKeys.
///
/// @param[in] n_networks  of a KV head: 1 or group_size
Status HashQueries(const Queries& queries, size_t n_kv_heads, size_t n_networks,
                   const HashNetwork& network, size_t n_words, uint64_t* signatures, Stream stream);

/// Signatures of HashQueries.
struct SignedQueries {
  const uint64_t* signatures = nullptr;  ///< [n_kv_heads * group_size, n_words] of the table
  size_t n_kv_heads = 0;
  size_t group_size = 0;  ///< 1..kMaxGroup
};

/// Agreement of the signatures of queries with those of the keys [begin, begin + n), as the CPU's
/// SignatureScores: minus the bits in which they differ. Exact. Each word is read once for the
/// heads that share a network.
///
/// @param[out] scores  [n_kv_heads * group_size, score_stride]
Status SignatureScores(const SignedQueries& queries, const SignatureTable& table, size_t begin,
                       size_t n, float* scores, size_t score_stride, Stream stream);

/// A few channels of each key, once for each channel list of its KV head.
struct LabelTable {
  void* labels = nullptr;  ///< [n_kv_heads, stride, n_lists, n_channels, kPlaneKeys], as the keys
  size_t stride = 0;       ///< blocks of a head
  const uint32_t* channels = nullptr;  ///< [n_kv_heads, n_lists, n_channels]
  size_t n_lists = 0;                  ///< 1, or one for each query head of a group
  size_t n_channels = 0;               ///< at most 256
};

/// Copies the channels of the keys [begin, end).
Status LabelsExtend(const KvRows& kv, size_t begin, size_t end, const LabelTable& table,
                    Stream stream);

/// Dot products of queries and the keys [begin, begin + n) over the channels of their lists. Each
/// label is read once for the heads that share a list. Rounding as in Scores.
///
/// @param[in]  kv      as for LabelsExtend; its keys are not read
/// @param[out] scores  [n_kv_heads * group_size, score_stride]
Status LabelScores(const Queries& queries, const KvRows& kv, const LabelTable& table, size_t begin,
                   size_t n, float* scores, size_t score_stride, Stream stream);

}  // namespace sparsetune::cuda
