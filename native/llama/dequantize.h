#pragma once

#include <string>

#include "llama/llama_api.h"

namespace sparsetune::llama {

/// Writes a copy of a GGUF file with all its weights in f32, for comparisons in which rounded
/// weights and activations would hide the error of attention itself. Four to eight times larger.
///
/// @throws EngineFailure ERR_ENGINE
void Dequantize(const LlamaApi& api, const std::string& from, const std::string& to);

}  // namespace sparsetune::llama
