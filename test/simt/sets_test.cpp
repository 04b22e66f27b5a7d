// What is done with sets of keys on the emulated GPU, beside the same on lists of booleans.
#include <algorithm>
#include <vector>

#include "cuda/selection.h"
#include "native/kernels/inputs.h"
#include "simt/device.h"
#include "simt/simt_tests.h"

namespace simt {
namespace {

using sparsetune::Status;
using sparsetune::testing::Expect;
using sparsetune::testing::Text;
using sparsetune::testing::Uniform;
namespace cuda = sparsetune::cuda;

constexpr size_t kHeads = 6;
/// Around a word, and around the words that a block takes.
constexpr size_t kSizes[] = {1, 31, 32, 33, 4095, 4096, 4097};

/// A set of keys of each head, here and there.
class Sets {
 public:
  Sets(size_t n_kv, double share, uint32_t seed)
      : n_kv_(n_kv), stride_((n_kv + 31) / 32), device_(kHeads * stride_, "sets") {
    Uniform uniform(seed);
    for (size_t i = 0; i < kHeads * n_kv; ++i) holds_.push_back(uniform.Next() < share);
    device_.Set(Words());
  }

  cuda::KeySets device() { return {device_.data(), kHeads, stride_}; }
  bool Holds(size_t head, size_t key) const { return holds_[head * n_kv_ + key]; }
  void Put(size_t head, size_t key, bool holds) { holds_[head * n_kv_ + key] = holds; }
  void Check(Status status, const char* what) const {
    Expect(status == Status::kOk && device_.Get() == Words(), Text(what, " n_kv=", n_kv_));
  }
  /// Keys that some head of a group holds, and none of `except`.
  uint32_t CountUnion(size_t first_head, size_t group_size, const Sets* except) const {
    uint32_t n = 0;
    for (size_t key = 0; key < n_kv_; ++key) {
      n += IsHeld(first_head, group_size, key) &&
           (except == nullptr || !except->IsHeld(first_head, group_size, key));
    }
    return n;
  }

 private:
  bool IsHeld(size_t first_head, size_t group_size, size_t key) const {
    bool is_held = false;
    for (size_t g = 0; g < group_size; ++g) is_held = is_held || Holds(first_head + g, key);
    return is_held;
  }
  std::vector<uint32_t> Words() const {
    std::vector<uint32_t> words(kHeads * stride_);
    for (size_t head = 0; head < kHeads; ++head) {
      for (size_t key = 0; key < n_kv_; ++key) {
        if (Holds(head, key)) words[head * stride_ + key / 32] |= 1u << key % 32;
      }
    }
    return words;
  }

  size_t n_kv_;
  size_t stride_;
  std::vector<bool> holds_;
  DeviceArray<uint32_t> device_;
};

template <typename Change>
void ForEachKey(size_t n_kv, const Change& change) {
  for (size_t head = 0; head < kHeads; ++head) {
    for (size_t key = 0; key < n_kv; ++key) change(head, key);
  }
}

void TestBetween(size_t n_kv) {
  for (const auto& [begin, end] : {std::pair<size_t, size_t>{0, n_kv},
                                   {0, 0},
                                   {n_kv, n_kv},
                                   {n_kv / 3, n_kv - n_kv / 4},
                                   {0, std::min<size_t>(n_kv, 31)},
                                   {std::min<size_t>(n_kv, 31), n_kv},
                                   {n_kv / 2, n_kv / 2 + 1}}) {
    for (const bool has_kept : {false, true}) {
      Sets sets(n_kv, 0.6, 1);
      Sets kept(n_kv, 0.3, 2);
      const Status status = cuda::KeepBetween(sets.device(), begin, end,
                                              has_kept ? kept.device() : cuda::KeySets(), nullptr);
      ForEachKey(n_kv, [&](size_t head, size_t key) {
        const bool is_left = key >= begin && key < end && !(has_kept && kept.Holds(head, key));
        sets.Put(head, key, sets.Holds(head, key) && is_left);
      });
      sets.Check(status, "keys between");
    }
  }
}

void TestJoin(size_t n_kv) {
  Sets sets(n_kv, 0.2, 3);
  Sets more(n_kv, 0.2, 4);
  const Status status = cuda::JoinSets(more.device(), sets.device(), nullptr);
  ForEachKey(n_kv, [&](size_t head, size_t key) {
    sets.Put(head, key, sets.Holds(head, key) || more.Holds(head, key));
  });
  sets.Check(status, "joined");
}

void TestCounts(size_t n_kv) {
  Sets sets(n_kv, 0.4, 5);
  Sets except(n_kv, 0.2, 6);
  for (const size_t group_size : {1, 2, 3, 6}) {
    for (const bool has_except : {false, true}) {
      DeviceArray<uint32_t> counts(kHeads / group_size, "counts");
      const Status status =
          cuda::CountKeys(sets.device(), has_except ? except.device() : cuda::KeySets(), group_size,
                          counts.data(), nullptr);
      Expect(status == Status::kOk, "status of counts");
      for (size_t i = 0; i < counts.size(); ++i) {
        const uint32_t expected =
            sets.CountUnion(i * group_size, group_size, has_except ? &except : nullptr);
        Expect(counts.Get()[i] == expected, Text("count, n_kv=", n_kv, " group=", group_size));
      }
    }
  }
}

/// Heads without a key: half of them, or with a share of 0 all.
void TestEmpty(size_t n_kv, double share) {
  for (const bool has_also : {false, true}) {
    Sets sets(n_kv, share, 7);
    Sets also(n_kv, 0.5, 8);
    const size_t key = n_kv - 1;
    const Status cut = cuda::KeepBetween(sets.device(), n_kv / 2, n_kv, {}, nullptr);
    const Status status = cuda::AddWhereEmpty(key, sets.device(),
                                              has_also ? also.device() : cuda::KeySets(), nullptr);
    ForEachKey(n_kv, [&](size_t head, size_t i) {
      sets.Put(head, i, i >= n_kv / 2 && sets.Holds(head, i));
    });
    for (size_t head = 0; head < kHeads; ++head) {
      if (sets.CountUnion(head, 1, nullptr) > 0) continue;
      sets.Put(head, key, true);
      if (has_also) also.Put(head, key, true);
    }
    sets.Check(cut == Status::kOk ? status : cut, "where empty");
    also.Check(status, "where empty, the others");
  }
}

void TestPages(size_t page_size, size_t begin, size_t end) {
  constexpr size_t kListed = 4;
  const size_t n_kv = 5 * page_size + 200;
  const std::vector<uint32_t> flat = {0, 1, 3, 4, 4, 2, 0, 1, 3, 3, 3, 3,
                                      0, 0, 1, 2, 1, 2, 4, 0, 2, 1, 4, 3};
  const std::vector<uint32_t> counts = {4, 1, 2, 4, 0, 3};
  const DeviceArray<uint32_t> indices(flat, "pages");
  const DeviceArray<uint32_t> device_counts(counts, "counts");
  for (const bool has_counts : {false, true}) {
    Sets sets(n_kv, 0.1, 9);
    const cuda::KeyLists lists = {indices.data(), has_counts ? device_counts.data() : nullptr,
                                  kHeads, kListed, nullptr};
    const Status status =
        cuda::AddPages(lists, kListed, {1, page_size, begin, end}, sets.device(), nullptr);
    for (size_t head = 0; head < kHeads; ++head) {
      for (size_t i = 0; i < (has_counts ? counts[head] : kListed); ++i) {
        const size_t first = (flat[head * kListed + i] + 1) * page_size;
        for (size_t key = std::max(first, begin); key < std::min(first + page_size, end); ++key) {
          sets.Put(head, key, true);
        }
      }
    }
    sets.Check(status, "pages");
  }
}

void TestPlaces(size_t n) {
  const size_t n_kv = 4 * n + 7;
  std::vector<uint32_t> listed;
  std::vector<uint32_t> places;
  for (size_t head = 0; head < kHeads; ++head) {
    for (size_t i = 0; i < 2 * n; ++i) listed.push_back(static_cast<uint32_t>(2 * i + head % 3));
    for (size_t i = 0; i < n; ++i)
      places.push_back(static_cast<uint32_t>((3 * i + head) % (2 * n)));
  }
  const DeviceArray<uint32_t> indices(listed, "list");
  const DeviceArray<uint32_t> device_places(places, "places");
  Sets sets(n_kv, 0.1, 10);
  const Status status = cuda::AddPlaces({indices.data(), nullptr, kHeads, 2 * n, nullptr},
                                        device_places.data(), n, sets.device(), nullptr);
  for (size_t i = 0; i < places.size(); ++i) {
    sets.Put(i / n, listed[i / n * 2 * n + places[i]], true);
  }
  sets.Check(status, "places");
}

}  // namespace

void TestSets() {
  for (const size_t n_kv : kSizes) {
    TestKernels(Text("sets are cut, joined, counted and filled at n_kv=", n_kv), [&] {
      TestBetween(n_kv);
      TestJoin(n_kv);
      TestCounts(n_kv);
      TestEmpty(n_kv, 0);
      TestEmpty(n_kv, 0.5 / static_cast<double>(n_kv));
    });
  }
  TestKernels("keys of listed pages are added to sets", [] {
    for (const size_t page_size : {1, 16, 127, 128, 129}) {
      TestPages(page_size, 0, 5 * page_size + 200);
      TestPages(page_size, page_size + page_size / 2, 4 * page_size + 1);
    }
  });
  TestKernels("keys at places of lists are added to sets", [] {
    for (const size_t n : {1, 127, 128, 129}) TestPlaces(n);
  });
}

}  // namespace simt
