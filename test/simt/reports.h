#pragma once

#include <string>
#include <vector>

namespace simt {

/// What can be wrong with a kernel.
enum class Fault {
  kRace,           ///< two threads, one of them writing, with nothing that orders them
  kOutOfBounds,    ///< outside every buffer and shared array
  kUninitialised,  ///< a read of what nobody wrote
  kMisaligned,     ///< an address that is no multiple of the size of the access
  kReadOnly,       ///< a write to an input
  kMask,           ///< a warp operation or shuffle with lanes it may not have
  kBarrier,        ///< threads of a block that meet in different barriers
  kDeadlock,       ///< threads that wait for others which never come
  kHang,           ///< a loop without end
  kLimit,          ///< a launch that no GPU accepts
  kHostAccess,     ///< host code that touches device memory
};

const char* FaultName(Fault fault);

struct Report {
  Fault fault;
  std::string text;  ///< kernel, buffer, threads, file and line
};

/// Notes a fault; each (fault, place) once. `pc`: where, or null.
void AddReport(Fault fault, const std::string& text, const void* pc);

/// Faults since the last call.
std::vector<Report> TakeReports();
/// Whether there are any.
bool HasReports();

/// "file.cu:12", with the lines that it was inlined into: "load.cuh:3 in attend.cu:40".
std::string PlaceOf(const void* pc);

}  // namespace simt
