// Codes out of sign bits, for instruction sets without a way of their own. Included inside a target
// region and the instruction set's own anonymous namespace; includes nothing itself.

constexpr size_t kCutWords = 4;  ///< that CutCodes may read beyond the last word of a stream

/// Cuts a stream of sign bits into codes of lsh_k bits: as many out of eight bytes as are whole in
/// them, wherever in the first byte they begin.
inline void CutCodes(const uint16_t* stream, const LshParams& params, uint16_t* codes) {
  const size_t lsh_k = params.lsh_k;
  const uint64_t code_mask = (uint64_t{1} << lsh_k) - 1;
  const size_t n_at_once = (64 - 7) / lsh_k;
  const char* bytes = reinterpret_cast<const char*>(stream);
  for (size_t first = 0; first < params.lsh_l; first += n_at_once) {
    const size_t at = first * lsh_k;
    uint64_t word;
    __builtin_memcpy(&word, bytes + at / 8, sizeof word);
    word >>= at % 8;
    const size_t left = params.lsh_l - first;
    const size_t n = left < n_at_once ? left : n_at_once;
    for (size_t t = 0; t < n; ++t, word >>= lsh_k) {
      codes[first + t] = static_cast<uint16_t>(word & code_mask);
    }
  }
}
