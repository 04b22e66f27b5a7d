#pragma once

namespace simt {

/// Prints how near dense and masked attention come to the memory of this GPU: bytes a second beside
/// those of a kernel that only reads as many, in the same rounds.
void PrintRoofline();

}  // namespace simt
