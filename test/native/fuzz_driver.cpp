// Runs a fuzz target without libFuzzer: a number of pseudo-random inputs, then files.
//
//   fuzz_chain_driver COUNT SEED [FILE...]
//
// Where an input fails, its name and its bytes (hexadecimal) are printed.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "core/philox.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMostBytes = 160;

std::vector<uint8_t> RandomInput(uint64_t number, uint64_t seed) {
  const auto word = [&](size_t i) {
    const auto block = static_cast<uint32_t>(i / 4);
    return sparsetune::Philox({static_cast<uint32_t>(number), block, 7, 0}, seed)[i % 4];
  };
  std::vector<uint8_t> bytes(word(0) % (kMostBytes + 1));
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(word(1 + i));
  return bytes;
}

std::vector<uint8_t> ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "fuzz_driver: cannot read %s\n", path);
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Kept where a crash handler finds it.
const char* current_name = "";
std::vector<uint8_t> current;

void PrintCurrent() {
  std::fprintf(stderr, "fuzz_driver: while running %s, bytes ", current_name);
  for (const uint8_t byte : current) std::fprintf(stderr, "%02x", byte);
  std::fprintf(stderr, "\n");
}

void OnAbort(int signal) {
  PrintCurrent();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void RunOne(const char* name, std::vector<uint8_t> bytes) {
  current_name = name;
  current = std::move(bytes);
  LLVMFuzzerTestOneInput(current.data(), current.size());
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s COUNT SEED [FILE...]\n", argv[0]);
    return 2;
  }
  std::signal(SIGABRT, OnAbort);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(PrintCurrent);
#endif
  const uint64_t count = std::strtoull(argv[1], nullptr, 10);
  const uint64_t seed = std::strtoull(argv[2], nullptr, 10);
  for (uint64_t i = 0; i < count; ++i) {
    char name[64];
    std::snprintf(name, sizeof name, "input %llu of seed %llu", static_cast<unsigned long long>(i),
                  static_cast<unsigned long long>(seed));
    RunOne(name, RandomInput(i, seed));
  }
  for (int i = 3; i < argc; ++i) RunOne(argv[i], ReadFile(argv[i]));
  std::printf("fuzz: %llu inputs and %d files, nothing found\n",
              static_cast<unsigned long long>(count), argc - 3);
  return 0;
}
