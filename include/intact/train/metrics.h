#pragma once

#include <cstdint>

namespace intact {

/// What a pass over data gave: means over its images.
struct Metrics {
  double top1 = 0.0;
  double top5 = 0.0;
  double loss = 0.0;
  int64_t images = 0;
  int64_t iterations = 0;
  double seconds = 0.0;  // wall-clock time of the loop
};

/// Adds batches up to Metrics; each batch counts by its images.
class MetricsSum {
 public:
  void add(double top1, double top5, double loss, int64_t images);
  /// seconds stay 0.
  Metrics mean() const;

 private:
  Metrics sum_;
};

}  // namespace intact
