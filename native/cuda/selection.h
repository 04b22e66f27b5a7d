#pragma once

#include "core/status.h"
#include "cuda/rows.h"
#include "cuda/stream.h"

namespace sparsetune::cuda {

/// Sets of keys, one a query head: bit i % 32 of word i / 32 is key i.
struct KeySets {
  uint32_t* words = nullptr;  ///< [n_q_heads, stride]
  size_t n_q_heads = 0;
  size_t stride = 0;  ///< words that hold all keys
};

/// Keys of a list that a block of KeysOfSets and UniteSets writes.
inline constexpr size_t kSetChunkWords = 128;
/// Numbers of scratch for `n_lists` lists over `n_words` words.
inline constexpr size_t SetScratch(size_t n_lists, size_t n_words) {
  return n_lists * ((n_words + kSetChunkWords - 1) / kSetChunkWords);
}

/// Adds listed keys to the sets.
///
/// @param[in]     lists    one a query head; `counts` null: all have `n` keys
/// @param[in]     offset   added to each key
/// @param[in,out] sets     cleared before where they are to hold no others
Status AddKeys(const KeyLists& lists, size_t n, size_t offset, const KeySets& sets, Stream stream);

/// Leaves in each set the keys of [begin, end) that are not in `kept`.
///
/// @param[in] kept  may have null words
Status KeepBetween(const KeySets& sets, size_t begin, size_t end, const KeySets& kept,
                   Stream stream);

/// Lists the keys of the union of each group's sets, ascending: one list for `group_size` heads
/// (1: one a head).
///
/// @param      scratch  [SetScratch(n_q_heads / group_size, sets.stride)], overwritten
/// @param[out] indices  [n_lists, stride]
/// @param[in]  stride   at least the keys of any union: 32 * sets.stride always is
/// @param[out] counts   [n_lists]
///
/// Two launches; every word is read twice. Deterministic.
Status ListKeys(const KeySets& sets, size_t group_size, uint32_t* scratch, uint32_t* indices,
                size_t stride, uint32_t* counts, Stream stream);

/// Log weights of listed keys for each head: 0 for a key of its `certain`, sampled[head] for one of
/// its `drawn`, else -infinity.
///
/// @param[in]  lists        as ListKeys wrote them, n_q_heads / group_size of them
/// @param[in]  certain      may have null words: no key is certain
/// @param[in]  drawn        as `certain`
/// @param[in]  sampled      [n_q_heads] log weights, or null: keys of `drawn` keep what they have
/// @param[in,out] log_weights  [n_q_heads, lists.stride]
Status SpreadWeights(const KeyLists& lists, const KeySets& certain, const KeySets& drawn,
                     const float* sampled, float* log_weights, Stream stream);

/// Adds the keys of `more`, which has as many heads and words.
Status JoinSets(const KeySets& more, const KeySets& sets, Stream stream);

/// Pages of keys, of which keys of [begin, end) may be chosen.
struct KeyPages {
  size_t first = 0;      ///< page that a list calls 0
  size_t page_size = 0;  ///< keys, at least 1
  size_t begin = 0;
  size_t end = 0;
};

/// Adds the keys of listed pages.
///
/// @param[in] lists  of pages, one a query head; `counts` null: all have `n`
Status AddPages(const KeyLists& lists, size_t n, const KeyPages& pages, const KeySets& sets,
                Stream stream);

/// Adds the keys at listed places of lists.
///
/// @param[in] lists   of keys, one a query head
/// @param[in] places  [n_q_heads, n] in the lists
Status AddPlaces(const KeyLists& lists, const uint32_t* places, size_t n, const KeySets& sets,
                 Stream stream);

/// Adds one key for each head whose set is empty, to that and to `also`, which may have null words.
Status AddWhereEmpty(size_t key, const KeySets& sets, const KeySets& also, Stream stream);

/// How many keys the union of each group's sets has that the union of its `except` lacks.
///
/// @param[in]  except  may have null words
/// @param[out] counts  [n_q_heads / group_size]
Status CountKeys(const KeySets& sets, const KeySets& except, size_t group_size, uint32_t* counts,
                 Stream stream);

}  // namespace sparsetune::cuda
