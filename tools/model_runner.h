#pragma once

#include <string>
#include <vector>

#include "intact/interop/inference_model.h"
#include "intact/runtime/executor.h"

namespace intact::tools {

/// The test program of a saved run, or a saved model.
InferenceModel load_run_or_model(const std::string& path);

/// Names of the codes that the Program's quantizers give, in program order.
std::vector<std::string> quantized_tensors(const Program& program);

/// Runs a model as `intact run` and `intact eval` do.
class ModelRunner {
 public:
  /// keep_codes: codes() has the codes of every quantized tensor after a run.
  explicit ModelRunner(InferenceModel model, bool keep_codes = false);

  const InferenceModel& model() const { return model_; }
  /// What runs it: "Executor".
  std::string engine() const;
  /// feeds: by name. The fetched tensors in order.
  std::vector<Tensor> run(const TensorMap& feeds);
  const TensorMap& codes() const { return codes_; }

 private:
  InferenceModel model_;
  std::vector<std::string> quantized_;
  Executor executor_;
  TensorMap codes_;
};

/// Index of the largest value of each row of [N, classes].
std::vector<int64_t> predicted_labels(const Tensor& output);

}  // namespace intact::tools
