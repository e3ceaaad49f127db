#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

/// A model for evaluation: feed `feeds`, fetch `fetches`, parameters in `scope`.
struct InferenceModel {
  Program program;
  std::vector<std::string> feeds;
  std::vector<std::string> fetches;
  Scope scope;
};

/// A model file of any kind this build reads: FILE.onnx, else what load_inference_model takes.
InferenceModel load_model(const std::string& path);

}  // namespace intact
