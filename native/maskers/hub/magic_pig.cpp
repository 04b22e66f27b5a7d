#include <algorithm>
#include <cmath>

#include "kernels/lsh/lsh.h"
#include "maskers/hub/hub.h"
#include "maskers/lsh_state.h"

namespace sparsetune {
namespace {

constexpr float kEpsilon = 1e-8f;

double Norm(const std::vector<float>& vector) {
  double sum = 0;
  for (const float x : vector) sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

/// One call: its parameters and the projection it uses.
struct Lookup {
  const MaskerConfig& masker;
  const HubInput& input;
  std::vector<float> projection;  ///< [head_dim + 1, lsh_l * lsh_k]
  float max_norm = 0;
};

/// A word per table, and which of its bits rest on a projection that is not exactly 0.
struct Codes {
  std::vector<uint64_t> bits;
  std::vector<uint64_t> non_zero;
};

std::vector<float> Projection(const MaskerConfig& masker, const HubInput& input, uint64_t seed) {
  const size_t rows = input.head_dim + 1;
  const size_t columns = static_cast<size_t>(masker.lsh_l) * masker.lsh_k;
  if (input.given.projection != nullptr) {
    return {input.given.projection, input.given.projection + rows * columns};
  }
  const auto planes = LshPlanes(seed, input.layer, {masker.lsh_l, masker.lsh_k}, rows);
  std::vector<float> projection(rows * columns);
  for (size_t c = 0; c < columns; ++c) {
    for (size_t i = 0; i < rows; ++i) projection[i * columns + c] = planes[c * rows + i];
  }
  return projection;
}

Codes CodesOf(const Lookup& lookup, const std::vector<float>& vector) {
  const size_t lsh_k = lookup.masker.lsh_k;
  const size_t columns = lookup.masker.lsh_l * lsh_k;
  std::vector<double> dots(columns, 0.0);
  for (size_t i = 0; i < vector.size(); ++i) {
    for (size_t c = 0; c < columns; ++c) {
      dots[c] += static_cast<double>(vector[i]) * lookup.projection[i * columns + c];
    }
  }
  Codes codes = {std::vector<uint64_t>(lookup.masker.lsh_l, 0),
                 std::vector<uint64_t>(lookup.masker.lsh_l, 0)};
  for (size_t c = 0; c < columns; ++c) {
    const uint64_t bit = uint64_t{1} << c % lsh_k;
    if (dots[c] > 0) codes.bits[c / lsh_k] |= bit;
    if (dots[c] != 0) codes.non_zero[c / lsh_k] |= bit;
  }
  return codes;
}

std::vector<float> Centred(const float* vector, const float* mean, size_t head_dim) {
  std::vector<float> result(vector, vector + head_dim);
  for (size_t i = 0; i < head_dim; ++i) result[i] -= mean[i];
  return result;
}

/// [k / M, sqrt(M^2 - |k|^2) / M], of Neyshabur and Srebro (ICML 2015).
std::vector<float> AugmentedKey(std::vector<float> key, float max_norm) {
  const double norm = Norm(key);
  const double rest = static_cast<double>(max_norm) * max_norm - norm * norm;
  for (float& x : key) x /= max_norm;
  key.push_back(static_cast<float>(std::sqrt(std::max(rest, 0.0)) / max_norm));
  return key;
}

/// [q / |q|, 0]
std::vector<float> AugmentedQuery(std::vector<float> query) {
  const float norm = static_cast<float>(Norm(query)) + kEpsilon;
  for (float& x : query) x /= norm;
  query.push_back(0.0f);
  return query;
}

float Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  const float norm_a = static_cast<float>(Norm(a)) + kEpsilon;
  const float norm_b = static_cast<float>(Norm(b)) + kEpsilon;
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i] / norm_a) * (b[i] / norm_b);
  }
  return std::clamp(static_cast<float>(sum), -1.0f, 1.0f);
}

/// In float, step by step: the hub's probability has the steps of a float near 1 and can be 0.
float Probability(float cosine, const MaskerConfig& masker) {
  const float u = 1.0f - std::acos(cosine) / 3.14159265f;
  const float table = std::pow(u, static_cast<float>(masker.lsh_k));
  return 1.0f - std::pow(1.0f - table, static_cast<float>(masker.lsh_l));
}

bool Matches(const Lookup& lookup, const Codes& query, const HubCache& cache, size_t code) {
  const uint32_t lsh_k = lookup.masker.lsh_k;
  const uint64_t all = lsh_k == 64 ? ~uint64_t{0} : (uint64_t{1} << lsh_k) - 1;
  for (size_t t = 0; t < lookup.masker.lsh_l; ++t) {
    if (query.bits[t] != cache.codes[code + t]) continue;
    if (lookup.masker.packing == LshPacking::kInt64) return true;
    if ((query.non_zero[t] & cache.non_zero[code + t]) == all) return true;
  }
  return false;
}

/// The mean key of each KV head, at the first call; zeros where keys are not centred.
void FreezeMean(const MaskerConfig& masker, const HubInput& input, HubCache* cache) {
  if (!cache->mean.empty()) return;
  const size_t head_dim = input.head_dim;
  cache->mean.assign(input.keys.size() * head_dim, 0.0f);
  for (size_t head = 0; head < input.keys.size() && masker.center; ++head) {
    for (size_t i = 0; i < head_dim; ++i) {
      double sum = 0;
      for (size_t j = 0; j < input.n_kv; ++j) sum += input.keys[head][j * head_dim + i];
      cache->mean[head * head_dim + i] = static_cast<float>(sum / static_cast<double>(input.n_kv));
    }
  }
}

float MaxNorm(const HubInput& input, const HubCache& cache) {
  if (input.given.max_norm > 0) return input.given.max_norm;
  double max = 0;
  for (size_t head = 0; head < input.keys.size(); ++head) {
    const float* mean = &cache.mean[head * input.head_dim];
    for (size_t j = 0; j < input.n_kv; ++j) {
      const float* key = &input.keys[head][j * input.head_dim];
      max = std::max(max, Norm(Centred(key, mean, input.head_dim)));
    }
  }
  return static_cast<float>(max);
}

void HashNewKeys(const Lookup& lookup, HubCache* cache) {
  const HubInput& input = lookup.input;
  for (; cache->n < input.n_kv; ++cache->n) {
    for (size_t head = 0; head < input.keys.size(); ++head) {
      const float* key = &input.keys[head][cache->n * input.head_dim];
      const float* mean = &cache->mean[head * input.head_dim];
      const Codes codes =
          CodesOf(lookup, AugmentedKey(Centred(key, mean, input.head_dim), lookup.max_norm));
      cache->codes.insert(cache->codes.end(), codes.bits.begin(), codes.bits.end());
      cache->non_zero.insert(cache->non_zero.end(), codes.non_zero.begin(), codes.non_zero.end());
    }
  }
}

void LookUpRow(const Lookup& lookup, const HubCache& cache, size_t row, float* values) {
  const HubInput& input = lookup.input;
  const size_t head = input.kv_head(row);
  const float* mean = &cache.mean[head * input.head_dim];
  const auto query = AugmentedQuery(Centred(input.query(row), mean, input.head_dim));
  const Codes codes = CodesOf(lookup, query);
  for (size_t j = 0; j < input.n_kv; ++j) {
    const size_t code = (j * input.keys.size() + head) * lookup.masker.lsh_l;
    if (!Matches(lookup, codes, cache, code)) continue;
    const auto key =
        AugmentedKey(Centred(input.key(row, j), mean, input.head_dim), lookup.max_norm);
    const float probability = Probability(Cosine(query, key), lookup.masker);
    values[j] = std::clamp(values[j] + probability, 0.0f, 1.0f);
  }
}

}  // namespace

void HubMagicPig(const MaskerConfig& masker, const HubInput& input, uint64_t seed, HubCache* cache,
                 HubMask* mask) {
  FreezeMean(masker, input, cache);
  const Lookup lookup = {masker, input, Projection(masker, input, seed), MaxNorm(input, *cache)};
  if (lookup.projection != cache->projection) {
    cache->codes.clear();
    cache->non_zero.clear();
    cache->n = 0;
    cache->projection = lookup.projection;
  }
  HashNewKeys(lookup, cache);
  for (size_t row = 0; row < input.n_rows(); ++row) {
    LookUpRow(lookup, *cache, row, mask->values.data() + row * input.n_kv);
  }
}

}  // namespace sparsetune
