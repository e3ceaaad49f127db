#include "intact/train/metrics.h"

namespace intact {

void MetricsSum::add(double top1, double top5, double loss, int64_t images) {
  const auto weight = static_cast<double>(images);
  sum_.top1 += top1 * weight;
  sum_.top5 += top5 * weight;
  sum_.loss += loss * weight;
  sum_.images += images;
  ++sum_.iterations;
}

Metrics MetricsSum::mean() const {
  Metrics mean = sum_;
  if (sum_.images > 0) {
    const auto weight = static_cast<double>(sum_.images);
    mean.top1 /= weight;
    mean.top5 /= weight;
    mean.loss /= weight;
  }
  return mean;
}

}  // namespace intact
