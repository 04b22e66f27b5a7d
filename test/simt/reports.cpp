#include "reports.h"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "scheduler.h"

extern "C" __attribute__((visibility("hidden"))) const char __ehdr_start[];

namespace simt {
namespace {

constexpr size_t kMaxReports = 20;

std::vector<Report> reports;
std::set<std::pair<Fault, const void*>> seen;

/// Lines that a command prints.
std::vector<std::string> LinesOf(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return lines;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    std::string text = line;
    text.erase(text.find_last_not_of("\r\n") + 1);
    const size_t comment = text.find(" (disc");
    lines.push_back(text.substr(0, comment));
  }
  pclose(pipe);
  return lines;
}

std::string Locate(const void* pc) {
  char executable[512] = {};
  if (readlink("/proc/self/exe", executable, sizeof executable - 1) < 0) return "?";
  // One byte back: a return address belongs to what follows the call.
  const size_t offset = static_cast<const char*>(pc) - 1 - __ehdr_start;
  char command[700];
  std::snprintf(command, sizeof command, "addr2line -s -i -e '%s' %#zx", executable, offset);
  std::string place;
  for (const std::string& line : LinesOf(command)) {
    // Calls of the emulator itself say nothing about the kernel.
    if (line.rfind("cuda_", 0) == 0 || line.rfind("tuple:", 0) == 0) continue;
    if (line.rfind("launch.h:", 0) == 0 || line.rfind("invoke.h:", 0) == 0) break;
    place += (place.empty() ? "" : " in ") + line;
  }
  return place.empty() ? "?" : place;
}

}  // namespace

const char* FaultName(Fault fault) {
  static const char* const kNames[] = {"race",     "out of bounds", "uninitialised", "misaligned",
                                       "readonly", "mask",          "barrier",       "deadlock",
                                       "hang",     "limit",         "host access"};
  return kNames[static_cast<int>(fault)];
}

std::string PlaceOf(const void* pc) {
  static std::map<const void*, std::string> places;
  const auto found = places.find(pc);
  if (found != places.end()) return found->second;
  return places[pc] = Locate(pc);
}

void AddReport(Fault fault, const std::string& text, const void* pc) {
  if (reports.size() >= kMaxReports || !seen.insert({fault, pc}).second) return;
  std::string line = std::string(FaultName(fault)) + " in " + CurrentKernel() + ": " + text;
  if (pc != nullptr) line += ", at " + PlaceOf(pc);
  reports.push_back({fault, line});
}

std::vector<Report> TakeReports() {
  std::vector<Report> taken;
  taken.swap(reports);
  seen.clear();
  return taken;
}

bool HasReports() { return !reports.empty(); }

}  // namespace simt
