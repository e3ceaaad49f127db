#include "quant/threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "intact/tensor/quantize.h"

namespace intact {
namespace {

constexpr size_t kBins = 2048;

double abs_max_of(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) {
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

class AbsMaxFinder : public ThresholdFinder {
 public:
  void observe(const Tensor& values) override {
    largest_ = std::max(largest_, abs_max_of(values.values<float>()));
  }
  double threshold() const override { return largest_; }

 private:
  double largest_ = 0;
};

class AvgFinder : public ThresholdFinder {
 public:
  void observe(const Tensor& values) override {
    const auto all = values.values<float>();
    const size_t samples = values.shape().rank() == 0 ? 1 : static_cast<size_t>(values.shape()[0]);
    double sum = 0;
    for (size_t i = 0; i < samples; ++i) {
      const size_t size = all.size() / samples;
      sum += abs_max_of(all.subspan(i * size, size));
    }
    sum_ += sum / static_cast<double>(samples);
    ++batches_;
  }
  double threshold() const override { return sum_ / static_cast<double>(batches_); }

 private:
  double sum_ = 0;
  int64_t batches_ = 0;
};

/// A histogram of |x| up to the largest of a first reading.
class HistogramFinder : public ThresholdFinder {
 public:
  HistogramFinder(double percent, int bits, bool is_kl, bool begins_at_least)
      : percent_(percent),
        bits_(bits),
        is_kl_(is_kl),
        low_(begins_at_least ? std::numeric_limits<double>::infinity() : 0),
        bins_(kBins, 0) {}

  bool needs_range() const override { return true; }
  void observe_range(const Tensor& values) override {
    for (const float value : values.values<float>()) {
      low_ = std::min(low_, std::abs(static_cast<double>(value)));
      high_ = std::max(high_, std::abs(static_cast<double>(value)));
    }
  }
  void observe(const Tensor& values) override {
    for (const float value : values.values<float>()) {
      const double x = std::abs(static_cast<double>(value));
      if (x >= low_ && x <= high_) {
        ++bins_[bin_of(x)];
      }
    }
  }
  double threshold() const override {
    if (is_kl_) {
      return kl_threshold(bins_, width(), bits_);
    }
    double total = 0;
    for (const double count : bins_) {
      total += count;
    }
    double sum = 0;
    for (size_t i = 0; i < kBins; ++i) {
      sum += bins_[i] / total;
      if (sum >= percent_) {
        return (static_cast<double>(i) + 0.5) * width();
      }
    }
    return (static_cast<double>(kBins) - 0.5) * width();
  }

 private:
  double width() const { return edge(1) - edge(0); }
  /// As numpy's linspace; a range of one value is widened as numpy widens it.
  double edge(size_t i) const {
    const double low = low_ == high_ ? low_ - 0.5 : low_;
    const double high = low_ == high_ ? high_ + 0.5 : high_;
    return i == kBins ? high : low + static_cast<double>(i) * ((high - low) / kBins);
  }
  size_t bin_of(double x) const {
    auto bin = static_cast<size_t>(
        std::clamp((x - edge(0)) / width(), 0.0, static_cast<double>(kBins - 1)));
    while (bin > 0 && x < edge(bin)) {
      --bin;
    }
    while (bin + 1 < kBins && x >= edge(bin + 1)) {
      ++bin;
    }
    return bin;
  }

  double percent_;
  int bits_;
  bool is_kl_;
  double low_;
  double high_ = 0;
  std::vector<double> bins_;
};

/// Tries shares of each batch's abs max and keeps the one with the least error of all batches.
class SearchFinder : public ThresholdFinder {
 public:
  SearchFinder(int bits, bool ignores_negative, bool is_emd)
      : levels_(static_cast<float>(max_code(bits))),
        ignores_negative_(ignores_negative),
        is_emd_(is_emd) {}

  void observe(const Tensor& values) override {
    const auto x = values.values<float>();
    const double largest = std::max(abs_max_of(x), 1e-8);
    for (double share = 0.3; share <= 1.0; share += 0.02) {
      const double scale = share * largest;
      const double loss = is_emd_ ? moment_loss(x, scale) : squared_loss(x, scale);
      if (loss <= least_) {
        least_ = loss;
        best_ = scale;
      }
    }
  }
  double threshold() const override { return best_; }

 private:
  float rounded(float x, float scale) const {
    const float code = ignores_negative_
                           ? std::nearbyint(std::clamp(x, 0.0f, scale) / scale * levels_)
                           : std::clamp(std::nearbyint(x / scale * levels_), -levels_ - 1, levels_);
    return code / levels_ * scale;
  }
  double squared_loss(std::span<const float> x, double scale) const {
    double sum = 0;
    for (const float value : x) {
      const double error = value - rounded(value, static_cast<float>(scale));
      sum += error * error;
    }
    return sum / static_cast<double>(x.size());
  }
  double moment_loss(std::span<const float> x, double scale) const {
    std::vector<float> y(x.size());
    std::ranges::transform(
        x, y.begin(), [&](float value) { return rounded(value, static_cast<float>(scale)); });
    const auto [mean_x, deviation_x] = moments(x);
    const auto [mean_y, deviation_y] = moments(y);
    return std::abs(mean_x - mean_y) + std::abs(deviation_x - deviation_y);
  }
  static std::pair<double, double> moments(std::span<const float> x) {
    double sum = 0;
    for (const float value : x) {
      sum += value;
    }
    const double mean = sum / static_cast<double>(x.size());
    double squares = 0;
    for (const float value : x) {
      squares += (value - mean) * (value - mean);
    }
    return {mean, std::sqrt(squares / static_cast<double>(x.size()))};
  }

  float levels_;
  bool ignores_negative_;
  bool is_emd_;
  double least_ = std::numeric_limits<double>::infinity();
  double best_ = 0;
};

class PtfFinder : public ThresholdFinder {
 public:
  explicit PtfFinder(int bits) : levels_(static_cast<float>(max_code(bits))) {}

  void observe(const Tensor& values) override {
    const auto x = values.values<float>();
    const double whole = abs_max_of(x) / levels_;
    double least = std::numeric_limits<double>::infinity();
    for (const double divisor : {8.0, 4.0, 2.0, 1.0}) {
      const auto step = static_cast<float>(whole / divisor);
      double loss = 0;
      for (const float value : x) {
        const float code = std::clamp(std::nearbyint(value / step), 0.0f, levels_);
        loss += std::pow(static_cast<double>(value) - code * step, 2);
      }
      if (loss < least) {
        least = loss;
        best_ = levels_ * (whole / divisor);
      }
    }
  }
  double threshold() const override { return best_; }

 private:
  float levels_;
  double best_ = 0;
};

}  // namespace

std::unique_ptr<ThresholdFinder> make_threshold_finder(const PtqOptions& options,
                                                       const QuantConfig& config) {
  const int bits = config.activation_bits;
  const bool is_reference = config.round_type == QuantRounding::Reference;
  switch (options.algorithm) {
    case PtqAlgorithm::AbsMax:
      return std::make_unique<AbsMaxFinder>();
    case PtqAlgorithm::Avg:
      return std::make_unique<AvgFinder>();
    case PtqAlgorithm::Hist:
    case PtqAlgorithm::Kl:
      return std::make_unique<HistogramFinder>(
          options.hist_percent, bits, options.algorithm == PtqAlgorithm::Kl, is_reference);
    case PtqAlgorithm::Mse:
    case PtqAlgorithm::Emd:
      return std::make_unique<SearchFinder>(
          bits, is_reference && !config.onnx_format, options.algorithm == PtqAlgorithm::Emd);
    case PtqAlgorithm::Ptf:
      return std::make_unique<PtfFinder>(bits);
  }
  fail(ErrorCode::Internal, "ptq: unknown algorithm {}", static_cast<int>(options.algorithm));
}

}  // namespace intact
