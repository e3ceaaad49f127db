#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intact/interop/inference_model.h"
#include "intact/runtime/executor.h"
#include "intact/runtime/integer_model.h"

namespace intact::tools {

/// The test program of a saved run, or a saved model.
InferenceModel load_run_or_model(const std::string& path);

/// A quantized model in deployment form, which the integer runtime takes; another as it is.
InferenceModel deployed(InferenceModel model);

/// Names of the codes that the Program's quantizers give, in program order.
std::vector<std::string> quantized_tensors(const Program& program);

/// Runs a model: one in deployment form on its integers, another on Executor.
class ModelRunner {
 public:
  struct Options {
    bool keep_codes = false;     // codes() has the codes of every quantized tensor after a run
    bool use_reference = false;  // the readable kernels, which define the others
  };
  explicit ModelRunner(InferenceModel model) : ModelRunner(std::move(model), Options{}) {}
  ModelRunner(InferenceModel model, Options options);

  const InferenceModel& model() const { return model_; }
  /// What runs it: "integer runtime" or "Executor".
  std::string engine() const;
  /// feeds: by name. The fetched tensors in order.
  std::vector<Tensor> run(const TensorMap& feeds);
  /// By the names of quantized_tensors(); empty without keep_codes.
  const TensorMap& codes() const;

 private:
  InferenceModel model_;
  std::optional<IntegerSession> session_;
  Executor executor_;
};

/// Index of the largest value of each row of [N, classes].
std::vector<int64_t> predicted_labels(const Tensor& output);

}  // namespace intact::tools
