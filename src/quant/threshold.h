#pragma once

#include <memory>
#include <vector>

#include "intact/quant/calibrate.h"

namespace intact {

/// Finds one tensor's threshold from its values, batch after batch.
class ThresholdFinder {
 public:
  virtual ~ThresholdFinder() = default;
  /// A first reading, for those with needs_range().
  virtual void observe_range(const Tensor&) {}
  virtual bool needs_range() const { return false; }
  virtual void observe(const Tensor& values) = 0;
  virtual double threshold() const = 0;
};

/// With config.round_type Reference the finder makes Paddle 2.6.2's mistakes too: a histogram that
/// begins at the least |x| is read as if it began at 0, and V1's search ignores negative values.
std::unique_ptr<ThresholdFinder> make_threshold_finder(const PtqOptions& options,
                                                       const QuantConfig& config);

/// Index rule of KL: see spec 8.1. Source: Paddle 2.6.2 cal_kl_threshold.
double kl_threshold(const std::vector<double>& histogram, double bin_width, int bits);

}  // namespace intact
