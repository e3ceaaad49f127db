#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intact/interop/inference_model.h"
#include "intact/tensor/tensor.h"

namespace intact::tools {

/// What one step of an inference costs.
struct StepTime {
  std::string op;
  std::string kernel;
  double ms = 0;  // median of the runs
};

/// Runs a model's inference `runs` times on `feeds`, after some warm-up, and times every step: the
/// integer program of a model in deployment form, the float plan of another.
std::vector<StepTime> time_steps(const InferenceModel& model, const TensorMap& feeds, int runs);

}  // namespace intact::tools
