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

std::unique_ptr<ThresholdFinder> make_threshold_finder(const PtqOptions& options,
                                                       int bits,
                                                       bool onnx_format);

/// Index rule of KL: see spec 8.1. Source: Paddle 2.6.2 cal_kl_threshold.
double kl_threshold(const std::vector<double>& histogram, double bin_width, int bits);

}  // namespace intact
