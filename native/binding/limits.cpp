#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "binding/args.h"
#include "binding/arrays.h"
#include "core/philox.h"
#include "kernels/limits/limits.h"

// The limits of the machine, timed natively: a clock read in JavaScript would add its own noise.

namespace sparsetune::binding {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kStepFloats = 64;

/// Runs `work(t)` on `n_threads` threads that begin together; seconds from the start to the end of
/// the last one.
double TimeOnThreads(size_t n_threads, const std::function<void(size_t)>& work) {
  using Clock = std::chrono::steady_clock;
  std::atomic<size_t> n_ready{0};
  std::vector<std::thread> others;
  for (size_t t = 1; t < n_threads; ++t) {
    others.emplace_back([&, t] {
      ++n_ready;
      while (n_ready < n_threads) std::this_thread::yield();
      work(t);
    });
  }
  ++n_ready;
  while (n_ready < n_threads) std::this_thread::yield();
  const auto start = Clock::now();
  work(0);
  for (auto& other : others) other.join();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Napi::Object Timed(Napi::Env env, double seconds, const std::vector<float>& sums) {
  double sum = 0;
  for (const float part : sums) sum += part;
  auto object = Napi::Object::New(env);
  object.Set("seconds", Napi::Number::New(env, seconds));
  object.Set("sum", Napi::Number::New(env, sum));
  return object;
}

/// new LimitProbe({ bytes, hugePages }): memory of its own, element i is i % 8.
class JsLimitProbe : public Napi::ObjectWrap<JsLimitProbe> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "LimitProbe",
        {InstanceMethod<&JsLimitProbe::Stream>("stream"),
         InstanceMethod<&JsLimitProbe::Gather>("gather"), StaticMethod<&JsLimitProbe::Fma>("fma")});
  }

  explicit JsLimitProbe(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<JsLimitProbe>(info),
        n_floats_(ReadSize(info[0].As<Napi::Object>(), "bytes") / sizeof(float) / kStepFloats *
                  kStepFloats) {
    const size_t bytes = (n_floats_ * sizeof(float) + kHugePage - 1) / kHugePage * kHugePage;
    memory_.reset(static_cast<float*>(std::aligned_alloc(kHugePage, bytes)));
    if (memory_ == nullptr) ThrowUnlessOk(info.Env(), Status::kOutOfMemory);
#if defined(__linux__)
    const bool is_huge = info[0].As<Napi::Object>().Get("hugePages").ToBoolean();
    // Advice: a system without huge pages goes on with small ones.
    (void)madvise(memory_.get(), bytes, is_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
    for (size_t i = 0; i < n_floats_; ++i) memory_.get()[i] = static_cast<float>(i % 8);
  }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };

  /// { bytes, offset, ahead, threads, isa } -> { seconds, sum }: `bytes` from `offset` on, one part
  /// a thread
  Napi::Value Stream(const Napi::CallbackInfo& info) {
    const auto args = info[0].As<Napi::Object>();
    const size_t n_threads = ReadSize(args, "threads");
    const size_t part =
        ReadSize(args, "bytes") / sizeof(float) / n_threads / kStepFloats * kStepFloats;
    const size_t first = ReadSize(args, "offset") / sizeof(float);
    if (first > n_floats_ || part * n_threads > n_floats_ - first) {
      ThrowRange(info.Env(), "ERR_SHAPE", "Expected a range inside the memory of the probe");
    }
    const size_t ahead = ReadSize(args, "ahead");
    const Isa isa = ReadIsa(args.Get("isa"));
    std::vector<float> sums(n_threads);
    const double seconds = TimeOnThreads(n_threads, [&](size_t t) {
      StreamRead(memory_.get() + first + t * part, part, ahead, isa, &sums[t]);
    });
    return Timed(info.Env(), seconds, sums);
  }

  /// { rowBytes, nRows, seed, rowsAhead, threads, isa } -> { seconds, sum }: random rows in
  /// ascending order, nRows in all
  Napi::Value Gather(const Napi::CallbackInfo& info) {
    const auto args = info[0].As<Napi::Object>();
    GatherRows rows;
    rows.table = memory_.get();
    rows.row_floats = ReadSize(args, "rowBytes") / sizeof(float);
    const size_t n_threads = ReadSize(args, "threads");
    const size_t n = ReadSize(args, "nRows");
    if (rows.row_floats == 0 || rows.row_floats % 16 != 0 || rows.row_floats > n_floats_) {
      ThrowRange(info.Env(), "ERR_SHAPE", "Expected a rowBytes that is a multiple of 64");
    }
    const std::vector<uint32_t> indices =
        RandomRows(ReadSize(args, "seed"), n_floats_ / rows.row_floats, n);
    const size_t ahead = ReadSize(args, "rowsAhead");
    const Isa isa = ReadIsa(args.Get("isa"));
    std::vector<float> sums(n_threads);
    const double seconds = TimeOnThreads(n_threads, [&](size_t t) {
      GatherRows part = rows;
      part.indices = indices.data() + n * t / n_threads;
      part.n = n * (t + 1) / n_threads - n * t / n_threads;
      GatherRead(part, ahead, isa, &sums[t]);
    });
    return Timed(info.Env(), seconds, sums);
  }

  /// { rounds, threads, isa } -> { seconds, flops }
  static Napi::Value Fma(const Napi::CallbackInfo& info) {
    const auto args = info[0].As<Napi::Object>();
    const size_t n_threads = ReadSize(args, "threads");
    const size_t n_rounds = ReadSize(args, "rounds");
    const Isa isa = ReadIsa(args.Get("isa"));
    std::vector<float> sums(n_threads);
    const double seconds =
        TimeOnThreads(n_threads, [&](size_t t) { FmaRounds(n_rounds, isa, &sums[t]); });
    auto object = Timed(info.Env(), seconds, sums);
    const double flops = static_cast<double>(FmaFlops(isa) * n_rounds * n_threads);
    object.Set("flops", Napi::Number::New(info.Env(), flops));
    return object;
  }

  static std::vector<uint32_t> RandomRows(uint64_t seed, size_t n_rows, size_t n) {
    std::vector<uint32_t> indices;
    for (uint32_t i = 0; indices.size() < n; ++i) {
      for (const uint32_t word : Philox({i, 0, 0, 0}, seed)) {
        if (indices.size() < n) indices.push_back(static_cast<uint32_t>(word % n_rows));
      }
    }
    std::sort(indices.begin(), indices.end());
    return indices;
  }

  size_t n_floats_;
  std::unique_ptr<float, Free> memory_;
};

}  // namespace

void RegisterLimits(Napi::Env env, Napi::Object exports) {
  exports.Set("LimitProbe", JsLimitProbe::Define(env));
}

}  // namespace sparsetune::binding
