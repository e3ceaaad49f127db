#include "intact/train/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace intact {

LearningRateSchedule constant_rate(float rate) {
  return [rate](int64_t) { return rate; };
}

LearningRateSchedule piecewise_rate(std::vector<int64_t> boundaries, std::vector<float> rates) {
  check(rates.size() == boundaries.size() + 1,
        "piecewise_rate: {} boundaries need {} rates but there are {}; give one rate per piece",
        boundaries.size(),
        boundaries.size() + 1,
        rates.size());
  check(std::adjacent_find(boundaries.begin(), boundaries.end(), std::greater_equal<>()) ==
            boundaries.end(),
        "piecewise_rate: boundaries {} do not grow; sort them",
        boundaries);
  return [boundaries, rates](int64_t step) {
    const auto piece = std::upper_bound(boundaries.begin(), boundaries.end(), step);
    return rates[static_cast<size_t>(piece - boundaries.begin())];
  };
}

LearningRateSchedule cosine_rate(float rate, int64_t steps) {
  check(steps > 0, "cosine_rate: steps is {} but must be positive; give the training's", steps);
  return [rate, steps](int64_t step) {
    const double part = static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
    return static_cast<float>(rate * (1.0 + std::cos(std::numbers::pi * part)) / 2.0);
  };
}

LearningRateSchedule linear_warm_up(float start,
                                    float end,
                                    int64_t steps,
                                    LearningRateSchedule after) {
  check(steps > 0, "linear_warm_up: steps is {} but must be positive; leave it out", steps);
  return [=](int64_t step) {
    if (step >= steps) {
      return after(step - steps);
    }
    const double part = static_cast<double>(step) / static_cast<double>(steps);
    return static_cast<float>(start + (static_cast<double>(end) - start) * part);
  };
}

void set_learning_rate(Scope& scope, const std::string& name, float rate) {
  scope.get(name).values<float>()[0] = rate;
}

}  // namespace intact
