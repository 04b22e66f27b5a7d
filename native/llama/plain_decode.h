#pragma once

#include <memory>
#include <vector>

#include "llama/model.h"

namespace sparsetune::llama {

/// How llama.cpp itself decodes: the reference that our path is held against.
struct PlainDecodeOptions {
  bool flash_attention = false;
  bool f16_kv = false;
  bool empty_cache = false;  ///< forget the prompt before every step: a control, wrong on purpose
};

/// Logits of llama.cpp's own decode: the first tokens are prefilled in blocks, the last
/// `n_steps` are fed one by one.
///
/// @return [n_steps, n_vocab]
/// @throws EngineFailure ERR_ENGINE
std::vector<float> PlainDecode(const Model& model, const std::vector<llama_token>& tokens,
                               size_t n_steps, const PlainDecodeOptions& options);

/// Seconds per step of the same, without keeping logits; the median over the steps.
double PlainDecodeSeconds(const Model& model, const std::vector<llama_token>& tokens,
                          size_t n_steps, const PlainDecodeOptions& options);

}  // namespace sparsetune::llama
