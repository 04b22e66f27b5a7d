#include "traffic.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "memory.h"
#include "scheduler.h"

namespace simt {
namespace {

constexpr uint64_t kBanks = 32;
constexpr uint64_t kBankBytes = 4;
constexpr char kLog[] = "SPARSETUNE_SIMT_LOG";

/// One instruction of one warp, the nth time.
struct Request {
  uint32_t lanes = 0;
  uint32_t bytes = 0;  ///< of a lane
  AccessKind kind = AccessKind::kRead;
  bool is_shared = false;
  std::array<uint64_t, 32> at{};
};

struct Key {
  const void* pc;
  uint32_t warp;
  uint32_t time;

  bool operator==(const Key& other) const {
    return pc == other.pc && warp == other.warp && time == other.time;
  }
};

struct Hash {
  size_t operator()(const Key& key) const {
    uint64_t hash = reinterpret_cast<uintptr_t>(key.pc) * 0x9e3779b97f4a7c15u;
    hash ^= (uint64_t{key.warp} << 32 | key.time) * 0xd1b54a32d192ed03u;
    return hash ^ hash >> 29;
  }
};

std::unordered_map<Key, Request, Hash> requests;
std::unordered_map<Key, uint32_t, Hash> times;  // by pc and thread
Traffic counted;
std::unordered_set<uint64_t> read_sectors;
std::unordered_set<uint64_t> written_sectors;

template <typename Visit>
void ForEachLane(const Request& request, Visit visit) {
  for (size_t lane = 0; lane < request.at.size(); ++lane) {
    if ((request.lanes >> lane & 1) != 0) visit(request.at[lane]);
  }
}

/// Distinct units of memory that the lanes touch.
std::vector<uint64_t> UnitsOf(const Request& request, uint64_t unit) {
  std::vector<uint64_t> units;
  ForEachLane(request, [&](uint64_t at) {
    for (uint64_t u = at / unit; u <= (at + request.bytes - 1) / unit; ++u) units.push_back(u);
  });
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  return units;
}

void CountDevice(const Request& request, Traffic* traffic) {
  ++traffic->requests;
  const std::vector<uint64_t> sectors = UnitsOf(request, kSectorBytes);
  traffic->sectors += sectors.size();
  traffic->ideal_sectors += (UnitsOf(request, 1).size() + kSectorBytes - 1) / kSectorBytes;
  const uint64_t bytes = uint64_t{request.bytes} * __builtin_popcount(request.lanes);
  (request.kind == AccessKind::kWrite ? traffic->written_bytes : traffic->read_bytes) += bytes;
  (request.kind == AccessKind::kRead ? read_sectors : written_sectors)
      .insert(sectors.begin(), sectors.end());
}

void CountShared(const Request& request, Traffic* traffic) {
  ++traffic->shared_requests;
  const std::vector<uint64_t> words = UnitsOf(request, kBankBytes);
  std::array<uint64_t, kBanks> of_bank{};
  for (const uint64_t word : words) ++of_bank[word % kBanks];
  traffic->wavefronts += *std::max_element(of_bank.begin(), of_bank.end());
  traffic->ideal_wavefronts += (words.size() + kBanks - 1) / kBanks;
}

}  // namespace

void CountAccess(const char* at, size_t n, AccessKind kind, bool is_shared, const void* pc) {
  const Thread& self = *CurrentThread();
  const uint32_t time = times[{pc, self.id, 0}]++;
  Request& request = requests[{pc, self.warp, time}];
  request.lanes |= 1u << self.lane;
  request.bytes = static_cast<uint32_t>(n);
  request.kind = kind;
  request.is_shared = is_shared;
  request.at[self.lane] = reinterpret_cast<uintptr_t>(at);
}

void CountBlock() {
  for (const auto& [key, request] : requests) {
    (request.is_shared ? CountShared : CountDevice)(request, &counted);
  }
  requests.clear();
  times.clear();
}

Traffic TakeTraffic() {
  Traffic taken = std::exchange(counted, Traffic());
  taken.read_sectors = read_sectors.size();
  taken.written_sectors = written_sectors.size();
  read_sectors.clear();
  written_sectors.clear();
  return taken;
}

bool IsTrafficLogged() { return std::getenv(kLog) != nullptr; }

void LogTraffic(const char* name, uint64_t bytes) {
  std::ofstream(std::getenv(kLog), std::ios::app) << bytes << ' ' << name << '\n';
}

}  // namespace simt
