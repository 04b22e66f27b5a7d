#pragma once

#include <functional>
#include <string>

#include "core/cpu.h"

namespace sparsetune::testing {

/// Runs one test. `title` is a sentence; it fails where an Expect in `body` does.
void Test(const std::string& title, const std::function<void()>& body);

/// Fails the test under way where `holds` is false; prints its title and `detail`.
void Expect(bool holds, const std::string& detail);

/// Prints `N passed, N failed`; the exit code of the program.
int Finish();

/// Text of values, for a detail: Text("n=", 3).
template <typename... Values>
std::string Text(const Values&... values);

// The tests of each family. Those with an instruction set are run for every one of this CPU.
void TestAttend(Isa isa);
void TestScores(Isa isa);
void TestPages(Isa isa);
void TestQuantizedScores(Isa isa);
void TestSignatures(Isa isa);
void TestLsh(Isa isa);
void TestLshKeys(Isa isa);
void TestSampling(Isa isa);
void TestLimits(Isa isa);
void TestTopK(Isa isa);
void TestChains(Isa isa);
void TestChainMemory();
void TestBits();
void TestElements();
void TestTopP();
void TestBudgets();

}  // namespace sparsetune::testing

#include <sstream>

template <typename... Values>
std::string sparsetune::testing::Text(const Values&... values) {
  std::ostringstream text;
  (text << ... << values);
  return text.str();
}
