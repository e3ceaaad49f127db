// KL: which first bins of a histogram, cut there and merged into as many groups as there are codes,
// tell most of the whole. Source: Paddle 2.6.2 cal_kl_threshold (spec 8.1).
#include <cmath>
#include <numeric>
#include <optional>

#include "intact/tensor/quantize.h"
#include "quant/threshold.h"

namespace intact {
namespace {

/// Sums of `groups` groups of p's bins, spread evenly over the bins that `kept` has.
std::vector<double> merged(const double* p, const std::vector<double>& kept, int groups) {
  const auto bins = static_cast<int64_t>(kept.size());
  const int64_t width = bins / groups;
  std::vector<double> spread(kept.size(), 0);
  for (int group = 0; group < groups; ++group) {
    const int64_t begin = group * width;
    const int64_t end = group == groups - 1 ? bins : begin + width;
    double sum = 0;
    int64_t filled = 0;
    for (int64_t i = begin; i < end; ++i) {
      sum += p[i];
      filled += kept[static_cast<size_t>(i)] != 0 ? 1 : 0;
    }
    for (int64_t i = begin; i < end; ++i) {
      spread[static_cast<size_t>(i)] =
          kept[static_cast<size_t>(i)] == 0 ? 0 : sum / static_cast<double>(filled);
    }
  }
  return spread;
}

double divergence(const std::vector<double>& p, double p_sum, const std::vector<double>& q) {
  const double q_sum = std::accumulate(q.begin(), q.end(), 0.0);
  double first = 0;
  double second = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] != 0 && q[i] != 0) {
      first += p[i] * std::log(q_sum * p[i]);
      second += p[i] * std::log(p_sum * q[i]);
    }
  }
  return (first - second) / p_sum;
}

}  // namespace

double kl_threshold(const std::vector<double>& histogram, double bin_width, int bits) {
  const size_t start = (histogram.size() - 1) / 2;
  const double sum = std::accumulate(histogram.begin(), histogram.end(), 0.0);
  double tail =
      std::accumulate(histogram.begin() + static_cast<std::ptrdiff_t>(start), histogram.end(), 0.0);
  std::optional<double> least;
  size_t best = 0;
  for (size_t i = start; i < histogram.size(); tail -= histogram[i++]) {
    if (i == 0 || histogram[i - 1] == 0) {
      continue;
    }
    std::vector<double> p(histogram.begin(), histogram.begin() + static_cast<std::ptrdiff_t>(i));
    p.back() += tail;
    const double loss = divergence(p, sum, merged(histogram.data(), p, max_code(bits)));
    if (!least || loss < *least) {
      least = loss;
      best = i;
    }
  }
  if (best == 0) {
    best = start;
    while (best > 0 && histogram[best] == 0) {
      --best;
    }
  }
  return (static_cast<double>(best) + 0.5) * bin_width;
}

}  // namespace intact
