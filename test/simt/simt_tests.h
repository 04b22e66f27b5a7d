#pragma once

namespace simt {

/// The emulator finds what is wrong, and nothing else.
void TestEmulator();

// Kernels of native/cuda beside those of native/kernels.
void TestAttend();
void TestScores();
void TestSelection();
void TestLsh();
/// Whole chains beside AttendGroup.
void TestChains();
/// How they use memory.
void TestTraffic();

}  // namespace simt
