// Each fault that the emulator looks for is planted in a kernel and must be reported with its
// place; clean kernels must not be reported.
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "native/kernels/testing.h"
#include "simt/cuda_host.h"
#include "simt/fault_kernels.h"
#include "simt/memory.h"
#include "simt/reports.h"
#include "simt/simt_tests.h"
#include "simt/traffic.h"

namespace simt {
namespace {

using faults::Buffers;
using faults::Kernel;
using sparsetune::testing::Expect;
using sparsetune::testing::Test;
using sparsetune::testing::Text;

constexpr size_t kBytes = 64 * sizeof(int);

class Memory {
 public:
  Memory() {
    buffers_.out = New<int>("out", kBytes, false);
    buffers_.in = New<int>("in", kBytes, true);
    MarkReadOnly(buffers_.in);
    buffers_.zeros = New<int>("zeros", kBytes, true);
    buffers_.bytes = New<uint8_t>("bytes", 64, false);
    int* freed = New<int>("freed", kBytes, true);
    buffers_.freed = freed;
    FreeDevice(freed);
  }
  ~Memory() {
    for (void* buffer : allocated_) FreeDevice(buffer);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  const Buffers& buffers() const { return buffers_; }

 private:
  template <typename T>
  T* New(const char* name, size_t n, bool is_written) {
    void* buffer = AllocateDevice(n);
    allocated_.push_back(buffer);
    NameRegion(buffer, name);
    if (is_written) cudaMemsetAsync(buffer, 0, n, nullptr);
    return static_cast<T*>(buffer);
  }

  Buffers buffers_;
  std::vector<void*> allocated_;
};

std::vector<Report> RunKernel(const Kernel& kernel) {
  const Memory memory;
  TakeReports();
  LaunchKernel(kernel.title, kernel.kernel, kernel.grid, kernel.block, kernel.dynamic_bytes,
               memory.buffers());
  cudaGetLastError();
  return TakeReports();
}

/// The text of a line that a report names, as "file:12".
std::string LineOf(const std::string& source, const std::string& report) {
  const std::string file = source.substr(source.rfind('/') + 1) + ":";
  const size_t at = report.rfind(", at ");
  const size_t found = at == std::string::npos ? at : report.find(file, at);
  if (found == std::string::npos) return "";
  int number = std::stoi(report.substr(found + file.size()));
  std::ifstream lines(source);
  std::string line;
  for (; number > 0; --number) std::getline(lines, line);
  return line;
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void ExpectFault(const Kernel& kernel, const std::string& source) {
  const std::vector<Report> reports = RunKernel(kernel);
  Expect(!reports.empty(), "no report");
  bool is_found = false;
  for (const Report& report : reports) {
    if (std::string(kernel.fault) != FaultName(report.fault)) continue;
    is_found = true;
    const std::string line = LineOf(source, report.text);
    const bool is_named = EndsWith(line, "// fault") || EndsWith(line, "// or here");
    Expect(is_named || report.fault == Fault::kLimit, report.text + " [" + line + "]");
  }
  Expect(is_found, Text("reported instead: ", reports.empty() ? "" : reports[0].text));
}

void TestFaults(const Kernel* kernels, size_t n, const std::string& source) {
  for (size_t i = 0; i < n; ++i) {
    for (const Order order : {Order::kForward, Order::kReverse, Order::kRandom}) {
      static const char* const kOrders[] = {"forward", "reverse", "random"};
      Test(Text(kernels[i].title, " is reported with its line, ", kOrders[static_cast<int>(order)]),
           [&] {
             GetOptions().order = order;
             ExpectFault(kernels[i], source);
           });
    }
  }
  GetOptions().order = Order::kForward;
}

void TestClean() {
  for (size_t i = 0; i < faults::kCleanKernelCount; ++i) {
    const Kernel& kernel = faults::kCleanKernels[i];
    Test(Text(kernel.title, " is clean"), [&] {
      for (const Order order : {Order::kForward, Order::kReverse, Order::kRandom}) {
        GetOptions().order = order;
        for (const Report& report : RunKernel(kernel)) Expect(false, report.text);
      }
      GetOptions().order = Order::kForward;
    });
  }
}

std::vector<int> Tickets(Order order, uint64_t seed) {
  const Memory memory;
  GetOptions().order = order;
  GetOptions().seed = seed;
  LaunchKernel("tickets", faults::TakeTickets, 1, 64, 0, memory.buffers());
  GetOptions().order = Order::kForward;
  std::vector<int> tickets(64);
  cudaMemcpyAsync(tickets.data(), memory.buffers().out, kBytes, cudaMemcpyDeviceToHost, nullptr);
  return tickets;
}

void TestOrders() {
  Test("threads run forward, in reverse, or at random by a seed", [] {
    std::vector<int> expected(64);
    std::iota(expected.begin(), expected.end(), 0);
    Expect(Tickets(Order::kForward, 1) == expected, "forward");
    Expect(Tickets(Order::kReverse, 1) == std::vector<int>(expected.rbegin(), expected.rend()),
           "reverse");
    const std::vector<int> random = Tickets(Order::kRandom, 1);
    Expect(random != expected && random == Tickets(Order::kRandom, 1), "one seed");
    Expect(random != Tickets(Order::kRandom, 2), "another seed");
    for (const Report& report : TakeReports()) Expect(false, report.text);
  });
}

Traffic Measure(void (*kernel)(Buffers)) {
  const Memory memory;
  TakeTraffic();
  GetOptions().measures = true;
  LaunchKernel("measured", kernel, 1, 64, 0, memory.buffers());
  GetOptions().measures = false;
  return TakeTraffic();
}

void TestCounts() {
  Test("sectors and bank conflicts are counted by warp instruction", [] {
    const Traffic dense = Measure(faults::ReadDense);
    Expect(dense.requests == 4 && dense.sectors == 16 && dense.ideal_sectors == 16, "dense");
    Expect(dense.read_bytes == 256 && dense.written_bytes == 256, "bytes");
    const Traffic spread = Measure(faults::ReadSpread);
    Expect(spread.requests == 2 && spread.sectors == 9 && spread.ideal_sectors == 2, "spread");
    const Traffic shared = Measure(faults::ShareDense);
    Expect(shared.wavefronts == 2 && shared.ideal_wavefronts == 2, "shared dense");
    const Traffic conflicts = Measure(faults::ShareSpread);
    Expect(conflicts.wavefronts == 64 && conflicts.ideal_wavefronts == 2, "shared spread");
    for (const Report& report : TakeReports()) Expect(false, report.text);
  });
}

void TestHost() {
  Test("host code that writes device memory is reported", [] {
    const Memory memory;
    TakeReports();
    faults::WriteFromHost(memory.buffers());
    const std::vector<Report> reports = TakeReports();
    Expect(reports.size() == 1 && reports[0].fault == Fault::kHostAccess, "one report");
    Expect(EndsWith(LineOf(faults::kMemoryFaultSource, reports.at(0).text), "// fault"),
           reports.at(0).text);
  });
  Test("copies in the wrong direction, foreign frees and a full device are errors", [] {
    const Memory memory;
    int word = 0;
    const auto copy = [&](void* to, const void* from, cudaMemcpyKind kind) {
      return cudaMemcpyAsync(to, from, sizeof word, kind, nullptr);
    };
    Expect(copy(&word, memory.buffers().out, cudaMemcpyHostToDevice) != cudaSuccess, "to host");
    Expect(copy(memory.buffers().out, &word, cudaMemcpyDeviceToDevice) != cudaSuccess, "from host");
    Expect(cudaFree(&word) != cudaSuccess, "free");
    void* buffer = nullptr;
    Expect(cudaMalloc(&buffer, size_t{1} << 40) == cudaErrorMemoryAllocation, "full");
    Expect(cudaGetLastError() == cudaErrorMemoryAllocation && cudaGetLastError() == cudaSuccess,
           "the last error is told once");
  });
}

}  // namespace

void TestEmulator() {
  TestFaults(faults::kMemoryFaults, faults::kMemoryFaultCount, faults::kMemoryFaultSource);
  TestFaults(faults::kCallFaults, faults::kCallFaultCount, faults::kCallFaultSource);
  TestClean();
  TestOrders();
  TestCounts();
  TestHost();
}

}  // namespace simt
