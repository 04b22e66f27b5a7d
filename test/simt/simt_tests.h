#pragma once

namespace simt {

/// The emulator finds what is wrong, and nothing else.
void TestEmulator();

}  // namespace simt
