#include "kernels/lsh/buckets.h"

#include <algorithm>
#include <cstring>

#include "core/bits.h"
#include "core/versions.h"
#include "kernels/lsh/lsh_isa.h"

namespace sparsetune {
namespace {

/// A bucket with this many keys is stored as bits, in so many units.
size_t DenseKeys(size_t n_keys) { return n_keys / 32; }
size_t DenseUnits(size_t n_keys) { return n_keys / 16; }

template <typename T>
const T* TableBlock(const void* codes, const LshParams& params, size_t block, size_t table) {
  return static_cast<const T*>(codes) + (block * params.lsh_l + table) * kLshBlockKeys;
}

/// Copies the codes of one table and counts the keys of each.
template <typename T>
void TakeCodes(const LshTable& codes, size_t table, size_t n_keys, uint16_t* taken,
               uint32_t* counts) {
  for (size_t key = 0; key < n_keys; key += kLshBlockKeys) {
    const T* block = TableBlock<T>(codes.codes, codes.params, key / kLshBlockKeys, table);
    for (size_t i = 0; i < kLshBlockKeys; ++i) {
      taken[key + i] = block[i];
      ++counts[block[i]];
    }
  }
}

void StoreBits(const uint16_t* keys, size_t n, uint16_t* units) {
  for (size_t i = 0; i < n; ++i) units[keys[i] / 16] |= static_cast<uint16_t>(1u << keys[i] % 16);
}

/// Stores sorted keys as buckets. On entry, starts[code] is the end of the code's keys.
size_t StoreBuckets(const uint16_t* keys, size_t n_codes, size_t n_keys, size_t begin,
                    uint32_t* starts, uint16_t* units) {
  size_t from = 0;
  size_t at = begin;
  for (size_t code = 0; code < n_codes; ++code) {
    const size_t n = starts[code] - from;
    starts[code] = static_cast<uint32_t>(at);
    if (n < DenseKeys(n_keys)) {
      std::memcpy(units + at, keys + from, n * sizeof(uint16_t));
      at += n;
    } else {
      std::fill_n(units + at, DenseUnits(n_keys), uint16_t{0});
      StoreBits(keys + from, n, units + at);
      at += DenseUnits(n_keys);
    }
    from += n;
  }
  starts[n_codes] = static_cast<uint32_t>(at);
  return at;
}

template <typename T>
void Unsort(const LshBuckets& run, T* codes) {
  const auto [lsh_l, lsh_k] = run.params;
  const auto store = [&, l = lsh_l](size_t table, size_t key, size_t code) {
    const size_t row = key / kLshBlockKeys * l + table;
    codes[row * kLshBlockKeys + key % kLshBlockKeys] = static_cast<T>(code);
  };
  for (size_t table = 0; table < lsh_l; ++table) {
    for (size_t code = 0; code < size_t{1} << lsh_k; ++code) {
      const size_t bucket = table << lsh_k | code;
      const uint16_t* units = run.units + run.starts[bucket];
      const size_t n = run.starts[bucket + 1] - run.starts[bucket];
      if (n < DenseKeys(run.n_keys)) {
        for (size_t i = 0; i < n; ++i) store(table, units[i], code);
        continue;
      }
      for (size_t i = 0; i < n; ++i) {
        for (uint32_t bits = units[i]; bits != 0; bits &= bits - 1) {
          store(table, i * 16 + LowestBit(bits), code);
        }
      }
    }
  }
}

void CountTables(const LshLookUpArgs& args, const uint16_t* query) {
  const LshBuckets& run = args.run;
  const auto count = [&](size_t key) {
    if (args.counts[key] < 2) ++args.counts[key];
  };
  for (size_t t = 0; t < run.params.lsh_l; ++t) {
    const size_t bucket = t << run.params.lsh_k | query[t];
    const uint16_t* units = run.units + run.starts[bucket];
    const size_t n = run.starts[bucket + 1] - run.starts[bucket];
    for (size_t i = 0; i < n; ++i) {
      if (n < DenseKeys(run.n_keys)) {
        count(units[i]);
        continue;
      }
      for (uint32_t bits = units[i]; bits != 0; bits &= bits - 1) count(i * 16 + LowestBit(bits));
    }
  }
}

bool IsFirstOfItsCode(const uint16_t* queries, size_t q, size_t t, size_t lsh_l) {
  for (size_t other = 0; other < q; ++other) {
    if (queries[other * lsh_l + t] == queries[q * lsh_l + t]) return false;
  }
  return true;
}

}  // namespace

size_t LshStartCount(const LshParams& params) {
  return (static_cast<size_t>(params.lsh_l) << params.lsh_k) + 1;
}

size_t LshTableUnits(size_t n_keys) { return 2 * n_keys; }

size_t LshSortTable(const LshTable& codes, size_t table, size_t n_keys, size_t begin,
                    uint16_t* room, uint32_t* starts, uint16_t* units) {
  const size_t n_codes = size_t{1} << codes.params.lsh_k;
  uint32_t* of_table = starts + table * n_codes;
  uint16_t* taken = room + n_keys;
  std::fill_n(of_table, n_codes + 1, 0u);
  const bool is_byte = LshCodeBytes(codes.params) == 1;
  (is_byte ? TakeCodes<uint8_t> : TakeCodes<uint16_t>)(codes, table, n_keys, taken, of_table);
  uint32_t sum = 0;
  for (size_t code = 0; code < n_codes; ++code) {
    const uint32_t n = of_table[code];
    of_table[code] = sum;
    sum += n;
  }
  for (size_t key = 0; key < n_keys; ++key) {
    room[of_table[taken[key]]++] = static_cast<uint16_t>(key);
  }
  return StoreBuckets(room, n_codes, n_keys, begin, of_table, units);
}

void LshUnsort(const LshBuckets& run, void* codes) {
  if (LshCodeBytes(run.params) == 1) {
    Unsort(run, static_cast<uint8_t*>(codes));
  } else {
    Unsort(run, static_cast<uint16_t*>(codes));
  }
}

void LshLookUpScalar(const LshLookUpArgs& args) {
  const size_t n_keys = args.run.n_keys;
  for (size_t q = 0; q < args.n_queries; ++q) {
    uint64_t* bits = args.bits + q * args.stride;
    std::memset(args.counts, 0, n_keys);
    CountTables(args, args.queries + q * args.run.params.lsh_l);
    std::fill_n(bits, n_keys / 64, 0);
    for (size_t key = 0; key < n_keys; ++key) {
      if (args.counts[key] >= args.min_matches) bits[key / 64] |= uint64_t{1} << key % 64;
    }
  }
}

Status LshLookUp(const LshBuckets& run, const uint16_t* queries, size_t n_queries,
                 uint32_t min_matches, Isa isa, uint8_t* counts, uint64_t* bits, size_t stride) {
  if (!AreValid(run.params) || min_matches < 1 || min_matches > 2) {
    return Status::kInvalidArgument;
  }
  if (n_queries == 0 || run.n_keys == 0 || run.n_keys % 64 != 0 || run.n_keys > kLshRunKeys ||
      stride < run.n_keys / 64) {
    return Status::kInvalidShape;
  }
  const auto version = SPARSETUNE_VERSION(LshLookUp, isa);
  if (version == nullptr) return Status::kUnsupported;
  version({run, queries, n_queries, min_matches, counts, bits, stride});
  return Status::kOk;
}

size_t LshLookUpBytes(const LshBuckets& run, const uint16_t* queries, size_t n_queries) {
  const auto [lsh_l, lsh_k] = run.params;
  size_t bytes = 0;
  for (size_t t = 0; t < lsh_l; ++t) {
    for (size_t q = 0; q < n_queries; ++q) {
      if (!IsFirstOfItsCode(queries, q, t, lsh_l)) continue;
      const uint32_t* start = run.starts + (t << lsh_k | queries[q * lsh_l + t]);
      bytes += 2 * sizeof(uint32_t) + (start[1] - start[0]) * sizeof(uint16_t);
    }
  }
  return bytes;
}

}  // namespace sparsetune
