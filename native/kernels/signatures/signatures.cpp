#include "kernels/signatures/signatures.h"

#include "core/versions.h"
#include "kernels/signatures/signatures_isa.h"

namespace sparsetune {
namespace {

/// Set bits, by sums of ever wider fields.
uint64_t CountBits(uint64_t word) {
  word -= word >> 1 & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return word * 0x0101010101010101u >> 56;
}

}  // namespace

void SignatureScoresScalar(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                           float* scores) {
  for (size_t j = 0; j < n; ++j) {
    uint64_t differing = 0;
    for (size_t w = 0; w < n_words; ++w) differing += CountBits(query[w] ^ keys[j * n_words + w]);
    scores[j] = static_cast<float>(-static_cast<int64_t>(differing));
  }
}

Status SignatureScores(const uint64_t* query, const uint64_t* keys, size_t n_words, size_t n,
                       Isa isa, float* scores) {
  if (n_words == 0) return Status::kInvalidShape;
  const auto version = SPARSETUNE_VERSION(SignatureScores, isa);
  if (version == nullptr) return Status::kUnsupported;
  version(query, keys, n_words, n, scores);
  return Status::kOk;
}

}  // namespace sparsetune
