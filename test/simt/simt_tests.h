#pragma once

namespace simt {

/// The emulator finds what is wrong, and nothing else.
void TestEmulator();

// Kernels of native/cuda beside those of native/kernels.
void TestAttend();
void TestScores();
void TestSelection();
void TestTopP();
void TestSets();
void TestLearned();
void TestLsh();
void TestLshWeights();
/// Whole chains on the device cache beside the CPU's.
void TestChains();
/// Streams of a decode that share a context on the device.
void TestDecode();
/// A device cache without memory, or whose launches fail.
void TestDeviceFailures();
/// How they use memory.
void TestTraffic();

}  // namespace simt
