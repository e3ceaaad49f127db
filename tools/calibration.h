#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataset.h"
#include "intact/quant/calibrate.h"

namespace intact::tools {

struct CalibrationData {
  std::string directory;  // IDX files under MNIST's names
  int64_t batches = 10;   // 0: all
  int64_t batch_size = 64;
  int64_t class_count = 10;
  std::string feed = "image";  // its name in the model
};

/// The first training images in their order, the same on each call.
CalibrationBatches calibration_batches(const CalibrationData& data);

}  // namespace intact::tools
