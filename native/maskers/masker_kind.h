#pragma once

#include "maskers/config.h"

namespace sparsetune {

/// Name of a kind in the JSON of a config.
const char* MaskerName(MaskerKind kind);

/// The kind of a name; false where there is none.
bool FindMaskerKind(const char* name, MaskerKind* kind);

}  // namespace sparsetune
