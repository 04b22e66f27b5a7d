#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program with the place and the text of a condition that does not hold.
#define SPARSETUNE_CHECK(condition)                                                \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)
