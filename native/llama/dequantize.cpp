#include "llama/dequantize.h"

namespace sparsetune::llama {

void Dequantize(const LlamaApi& api, const std::string& from, const std::string& to) {
  llama_model_quantize_params params = api.llama_model_quantize_default_params();
  params.ftype = LLAMA_FTYPE_ALL_F32;
  params.allow_requantize = true;
  if (api.llama_model_quantize(from.c_str(), to.c_str(), &params) != 0) {
    throw EngineFailure("ERR_ENGINE", "llama.cpp could not dequantise " + from);
  }
}

}  // namespace sparsetune::llama
