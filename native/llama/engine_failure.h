#pragma once

#include <stdexcept>
#include <string>

namespace sparsetune::llama {

/// Why the engine refused or failed; `code` is one of the stable codes of ts/errors.ts.
class EngineFailure : public std::runtime_error {
 public:
  EngineFailure(const char* code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

}  // namespace sparsetune::llama
