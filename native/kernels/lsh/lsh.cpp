#include "kernels/lsh/lsh.h"

#include "core/versions.h"
#include "kernels/lsh/lsh_isa.h"

namespace sparsetune {
namespace {

/// Where element i of a plane lies in the panels.
size_t PanelIndex(size_t plane, size_t i, size_t head_dim) {
  return (plane / kLshPanelPlanes * head_dim + i) * kLshPanelPlanes + plane % kLshPanelPlanes;
}

bool Bit(const float* vector, const float* panels, size_t plane, size_t head_dim) {
  float dot = 0;
  for (size_t i = 0; i < head_dim; ++i) dot += vector[i] * panels[PanelIndex(plane, i, head_dim)];
  return dot >= 0;
}

template <typename T>
void StoreCodes(const uint16_t* codes, size_t first, size_t n, size_t lsh_l, T* table) {
  for (size_t i = 0; i < n; ++i) {
    const size_t key = first + i;
    T* block = table + key / kLshBlockKeys * lsh_l * kLshBlockKeys;
    for (size_t t = 0; t < lsh_l; ++t) {
      block[t * kLshBlockKeys + key % kLshBlockKeys] = static_cast<T>(codes[i * lsh_l + t]);
    }
  }
}

template <typename T>
uint64_t MatchBlock(const T* block, const uint16_t* query, const LshMatchArgs& args) {
  uint64_t bits = 0;
  for (size_t key = 0; key < kLshBlockKeys; ++key) {
    uint32_t matches = 0;
    for (size_t t = 0; t < args.params.lsh_l; ++t) {
      matches += block[t * kLshBlockKeys + key] == query[t] ? 1 : 0;
    }
    if (matches >= args.min_matches) bits |= uint64_t{1} << key;
  }
  return bits;
}

template <typename T>
void MatchBlocks(const LshMatchArgs& args) {
  const size_t lsh_l = args.params.lsh_l;
  for (size_t b = 0; b < args.n_blocks; ++b) {
    const T* block = static_cast<const T*>(args.codes) + b * lsh_l * kLshBlockKeys;
    for (size_t q = 0; q < args.n_queries; ++q) {
      args.bits[q * args.n_blocks + b] = MatchBlock(block, args.queries + q * lsh_l, args);
    }
  }
}

}  // namespace

size_t LshCodeBytes(const LshParams& params) { return params.lsh_k <= 8 ? 1 : 2; }

size_t LshBlockBytes(const LshParams& params) {
  return kLshBlockKeys * params.lsh_l * LshCodeBytes(params);
}

size_t LshPanels(const LshParams& params) {
  const size_t n_planes = static_cast<size_t>(params.lsh_l) * params.lsh_k;
  return (n_planes + kLshPanelPlanes - 1) / kLshPanelPlanes;
}

size_t LshPanelFloats(const LshParams& params, size_t head_dim) {
  return LshPanels(params) * head_dim * kLshPanelPlanes;
}

void LshPackPlanes(const float* planes, const LshParams& params, size_t head_dim, float* panels) {
  const size_t n_planes = static_cast<size_t>(params.lsh_l) * params.lsh_k;
  for (size_t p = 0; p < LshPanels(params) * kLshPanelPlanes; ++p) {
    for (size_t i = 0; i < head_dim; ++i) {
      panels[PanelIndex(p, i, head_dim)] = p < n_planes ? planes[p * head_dim + i] : 0.0f;
    }
  }
}

void LshCodesScalar(const LshCodesArgs& args) {
  const auto [lsh_l, lsh_k] = args.params;
  for (size_t i = 0; i < args.n; ++i) {
    for (size_t t = 0; t < lsh_l; ++t) {
      uint32_t code = 0;
      for (size_t b = 0; b < lsh_k; ++b) {
        if (Bit(args.vectors[i], args.panels, t * lsh_k + b, args.head_dim)) code |= 1u << b;
      }
      args.codes[i * lsh_l + t] = static_cast<uint16_t>(code);
    }
  }
}

void LshMatchScalar(const LshMatchArgs& args) {
  if (LshCodeBytes(args.params) == 1) {
    MatchBlocks<uint8_t>(args);
  } else {
    MatchBlocks<uint16_t>(args);
  }
}

Status LshCodes(const float* const* vectors, size_t n, size_t head_dim, const LshParams& params,
                const float* panels, Isa isa, uint16_t* codes) {
  const auto version = SPARSETUNE_VERSION(LshCodes, isa);
  if (version == nullptr) return Status::kUnsupported;
  if (!AreValid(params)) return Status::kInvalidArgument;
  if (n == 0 || head_dim == 0) return Status::kInvalidShape;
  version({vectors, n, head_dim, params, panels, codes});
  return Status::kOk;
}

void LshStore(const uint16_t* codes, size_t first, size_t n, const LshParams& params, void* table) {
  if (LshCodeBytes(params) == 1) {
    StoreCodes(codes, first, n, params.lsh_l, static_cast<uint8_t*>(table));
  } else {
    StoreCodes(codes, first, n, params.lsh_l, static_cast<uint16_t*>(table));
  }
}

Status LshMatch(const LshTable& table, const uint16_t* queries, size_t n_queries,
                uint32_t min_matches, size_t first_block, size_t n_blocks, Isa isa,
                uint64_t* bits) {
  const auto version = SPARSETUNE_VERSION(LshMatch, isa);
  if (version == nullptr) return Status::kUnsupported;
  if (!AreValid(table.params) || min_matches < 1 || min_matches > 2) {
    return Status::kInvalidArgument;
  }
  const size_t all_blocks = (table.n_keys + kLshBlockKeys - 1) / kLshBlockKeys;
  if (n_queries == 0 || n_blocks > all_blocks || first_block > all_blocks - n_blocks) {
    return Status::kInvalidShape;
  }
  const auto* codes = static_cast<const uint8_t*>(table.codes);
  version({codes + first_block * LshBlockBytes(table.params), table.params, queries, n_queries,
           min_matches, n_blocks, bits});
  const size_t rest = table.n_keys % kLshBlockKeys;
  if (rest != 0 && n_blocks > 0 && first_block + n_blocks == all_blocks) {
    for (size_t q = 0; q < n_queries; ++q) {
      bits[q * n_blocks + n_blocks - 1] &= (uint64_t{1} << rest) - 1;
    }
  }
  return Status::kOk;
}

}  // namespace sparsetune
