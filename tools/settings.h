#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "intact/train/learning_rate.h"
#include "intact/train/optimizer.h"

namespace intact::tools {

/// How a run trains: what `intact train` was told and a resumed run must find again.
struct Settings {
  std::string optimizer = "momentum";
  float learning_rate = 0.01f;
  float momentum = 0.9f;
  bool use_nesterov = false;
  float weight_decay = 0.0f;
  std::string learning_rate_schedule = "constant";
  std::vector<int64_t> boundaries;  // steps, for piecewise
  std::vector<float> rates;         // one more than boundaries
  int64_t warm_up_steps = 0;
  int64_t limit = 0;  // training images; 0: all

  std::map<std::string, std::string> to_config() const;
  static Settings from_config(const std::map<std::string, std::string>& config);

  std::unique_ptr<Optimizer> make_optimizer() const;
  /// steps: of the whole training, for the cosine.
  LearningRateSchedule schedule(int64_t steps) const;
};

}  // namespace intact::tools
