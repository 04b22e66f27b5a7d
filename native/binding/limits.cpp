#include "kernels/limits/limits.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "binding/args.h"
#include "binding/arrays.h"
#include "core/bits.h"
#include "core/stream_memory.h"
#include "kernels/sampling/sampling.h"

// The limits of the machine, timed natively: a clock read in JavaScript would add its own noise.

namespace sparsetune::binding {
namespace {

constexpr size_t kStepFloats = 64;

/// Runs `work(t)` on `n_threads` threads that begin together; seconds from the start to the end of
/// the last one. Throws ERR_CAPACITY where the system has no more threads.
double TimeOnThreads(Napi::Env env, size_t n_threads, const std::function<void(size_t)>& work) {
  using Clock = std::chrono::steady_clock;
  std::atomic<size_t> n_ready{0};
  std::atomic<bool> is_off{false};
  const auto wait = [&] {
    ++n_ready;
    while (n_ready < n_threads && !is_off) std::this_thread::yield();
    return !is_off;
  };
  std::vector<std::thread> others;
  try {
    for (size_t t = 1; t < n_threads; ++t) {
      others.emplace_back([&, t] {
        if (wait()) work(t);
      });
    }
  } catch (const std::system_error&) {
    is_off = true;
  }
  wait();
  const auto start = Clock::now();
  if (!is_off) work(0);
  for (auto& other : others) other.join();
  if (is_off) ThrowRange(env, "ERR_CAPACITY", "No more threads can be started; ask for fewer");
  return std::chrono::duration<double>(Clock::now() - start).count();
}

size_t ReadThreads(const Napi::Object& args) {
  const size_t n_threads = ReadSize(args, "threads");
  if (n_threads < 1 || n_threads > 1024) {
    ThrowRange(args.Env(), "ERR_ARGUMENT", "Expected 1 to 1024 for threads");
  }
  return n_threads;
}

Napi::Object Timed(Napi::Env env, double seconds, const std::vector<float>& sums) {
  double sum = 0;
  for (const float part : sums) sum += part;
  auto object = Napi::Object::New(env);
  object.Set("seconds", Napi::Number::New(env, seconds));
  object.Set("sum", Napi::Number::New(env, sum));
  return object;
}

/// new LimitProbe({ bytes }): memory of its own in the pages a KvCache has, element i is i % 8.
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
    try {
      memory_ = AllocateStreamMemory(n_floats_ * sizeof(float));
    } catch (const std::bad_alloc&) {
      ThrowUnlessOk(info.Env(), Status::kOutOfMemory);
    }
    for (size_t i = 0; i < n_floats_; ++i) floats()[i] = static_cast<float>(i % 8);
  }

 private:
  float* floats() { return reinterpret_cast<float*>(memory_.get()); }

  /// { bytes, offset, ahead, threads, isa } -> { seconds, sum }: `bytes` from `offset` on, one part
  /// a thread
  Napi::Value Stream(const Napi::CallbackInfo& info) {
    const auto args = info[0].As<Napi::Object>();
    const size_t n_threads = ReadThreads(args);
    const size_t part =
        ReadSize(args, "bytes") / sizeof(float) / n_threads / kStepFloats * kStepFloats;
    const size_t first = ReadSize(args, "offset") / sizeof(float);
    if (first > n_floats_ || part * n_threads > n_floats_ - first) {
      ThrowRange(info.Env(), "ERR_SHAPE", "Expected a range inside the memory of the probe");
    }
    const size_t ahead = ReadSize(args, "ahead");
    const Isa isa = ReadIsa(args.Get("isa"));
    std::vector<float> sums(n_threads);
    const double seconds = TimeOnThreads(info.Env(), n_threads, [&](size_t t) {
      StreamRead(floats() + first + t * part, part, ahead, isa, &sums[t]);
    });
    return Timed(info.Env(), seconds, sums);
  }

  /// { rowBytes, nRows, rangeRows, seed, rowsAhead, threads, isa } -> { seconds, sum }: nRows
  /// different random rows of rangeRows consecutive ones, in ascending order
  Napi::Value Gather(const Napi::CallbackInfo& info) {
    const auto args = info[0].As<Napi::Object>();
    GatherRows rows;
    rows.table = floats();
    rows.row_floats = ReadSize(args, "rowBytes") / sizeof(float);
    const size_t n_threads = ReadThreads(args);
    const size_t n = ReadSize(args, "nRows");
    if (rows.row_floats == 0 || rows.row_floats % 16 != 0 || rows.row_floats > n_floats_) {
      ThrowRange(info.Env(), "ERR_SHAPE", "Expected a rowBytes that is a multiple of 64");
    }
    const size_t range = ReadSize(args, "rangeRows");
    const size_t n_rows = n_floats_ / rows.row_floats;
    if (n > range || range > n_rows || n_rows > std::numeric_limits<uint32_t>::max()) {
      ThrowRange(info.Env(), "ERR_SHAPE", "Expected at most rangeRows rows, inside the memory");
    }
    const std::vector<uint32_t> indices = RandomRows(ReadSize(args, "seed"), n_rows, range, n);
    const size_t ahead = ReadSize(args, "rowsAhead");
    const Isa isa = ReadIsa(args.Get("isa"));
    std::vector<float> sums(n_threads);
    const double seconds = TimeOnThreads(info.Env(), n_threads, [&](size_t t) {
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
    const size_t n_threads = ReadThreads(args);
    const size_t n_rounds = ReadSize(args, "rounds");
    const Isa isa = ReadIsa(args.Get("isa"));
    std::vector<float> sums(n_threads);
    const double seconds =
        TimeOnThreads(info.Env(), n_threads, [&](size_t t) { FmaRounds(n_rounds, isa, &sums[t]); });
    auto object = Timed(info.Env(), seconds, sums);
    const double flops = static_cast<double>(FmaFlops(isa) * n_rounds * n_threads);
    object.Set("flops", Napi::Number::New(info.Env(), flops));
    return object;
  }

  static std::vector<uint32_t> RandomRows(uint64_t seed, size_t n_rows, size_t range, size_t n) {
    const DrawKey key = {seed, DrawDomain::kRandomSample, 0, 0, 0};
    const DrawKey of_first = {seed, DrawDomain::kRandomSample, 1, 0, 0};
    const uint32_t first =
        DrawSequence(of_first, BestIsa()).Below(static_cast<uint32_t>(n_rows - range) + 1);
    std::vector<uint64_t> bits((range + 63) / 64);
    SampleWithoutReplacement(key, static_cast<uint32_t>(range), static_cast<uint32_t>(n), BestIsa(),
                             bits.data());
    std::vector<uint32_t> indices;
    indices.reserve(n);
    ForEachBit(bits.data(), bits.size(),
               [&](size_t row) { indices.push_back(first + static_cast<uint32_t>(row)); });
    return indices;
  }

  size_t n_floats_;
  StreamMemory memory_;
};

}  // namespace

void RegisterLimits(Napi::Env env, Napi::Object exports) {
  exports.Set("LimitProbe", JsLimitProbe::Define(env));
}

}  // namespace sparsetune::binding
