#include "runtime/integer/weight_bound.h"

#include <algorithm>

#include "base/check.h"

namespace intact::integer {
namespace {

constexpr int32_t kMost = 32767;
constexpr int32_t kLeast = -32768;

/// Largest sums of two neighbouring weights, positive and negative parts apart.
struct PairSums {
  int32_t positive = 0;
  int32_t negative = 0;
};

PairSums largest_pairs(int64_t n, int64_t k, const int8_t* rows) {
  PairSums largest;
  for (int64_t row = 0; row < n; ++row) {
    const int8_t* w = rows + row * k;
    int32_t positive = 0;
    int32_t negative = 0;
    for (int64_t i = 0; i + 1 < k; i += 2) {
      positive = std::max(positive, std::max<int32_t>(w[i], 0) + std::max<int32_t>(w[i + 1], 0));
      negative = std::min(negative, std::min<int32_t>(w[i], 0) + std::min<int32_t>(w[i + 1], 0));
    }
    const int32_t last = k % 2 == 1 ? w[k - 1] : 0;
    largest.positive = std::max({largest.positive, positive, last});
    largest.negative = std::min({largest.negative, negative, last});
  }
  return largest;
}

}  // namespace

WeightBound bound_pairs(int64_t n, int64_t k, const int8_t* rows, const cpu::CodeScale& scale) {
  const PairSums pairs = largest_pairs(n, k, rows);
  if (scale.type == cpu::CodeType::Unsigned8 && scale.hi * pairs.positive <= kMost &&
      scale.hi * pairs.negative >= kLeast) {
    return {cpu::DotMethod::Pairs,
            fmt::format("pairs of products with codes up to {} lie in {}..{}, within 16 bits",
                        scale.hi,
                        scale.hi * pairs.negative,
                        scale.hi * pairs.positive)};
  }
  if (std::count(rows, rows + n * k, int8_t{-128}) > 0) {
    return {
        cpu::DotMethod::Plain,
        "a weight is -128, whose sign cannot be moved: 32-bit products where the CPU has no VNNI"};
  }
  return {cpu::DotMethod::Magnitudes,
          "magnitudes of codes up to 128 times signed weights: pairs stay within 16 bits"};
}

}  // namespace intact::integer
