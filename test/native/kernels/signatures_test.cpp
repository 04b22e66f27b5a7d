#include "kernels/signatures/signatures.h"

#include "inputs.h"
#include "testing.h"

namespace sparsetune::testing {
namespace {

int DifferingBits(const uint64_t* a, const uint64_t* b, size_t n_words) {
  int differing = 0;
  for (size_t bit = 0; bit < n_words * 64; ++bit) {
    differing += static_cast<int>((a[bit / 64] ^ b[bit / 64]) >> bit % 64 & 1);
  }
  return differing;
}

void Check(size_t n_words, size_t n, Isa isa) {
  Uniform uniform(1);
  const auto word = [&] { return static_cast<uint64_t>(uniform.Word()) << 32 | uniform.Word(); };
  Fenced<uint64_t> query(n_words);
  Fenced<uint64_t> keys(n_words * n);
  for (size_t i = 0; i < query.size(); ++i) query[i] = word();
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = word();
  // The first key differs in every bit, the last in none.
  for (size_t i = 0; i < n_words && n > 1; ++i) {
    keys[i] = ~query[i];
    keys[(n - 1) * n_words + i] = query[i];
  }
  Fenced<float> scores(n);
  const Status status = SignatureScores(query.data(), keys.data(), n_words, n, isa, scores.data());
  Expect(status == Status::kOk, "status");
  for (size_t j = 0; j < n; ++j) {
    const int expected = -DifferingBits(query.data(), keys.data() + j * n_words, n_words);
    Expect(scores[j] == static_cast<float>(expected), Text("n=", n, " j=", j));
  }
}

}  // namespace

void TestSignatures(Isa isa) {
  for (const size_t n_words : {1, 2, 3, 4, 5, 70}) {
    Test(Text("signatures ", IsaName(isa), " counts differing bits of ", n_words, " words"), [&] {
      for (const size_t n : {0, 1, 17, 100}) Check(n_words, n, isa);
    });
  }
}

}  // namespace sparsetune::testing
