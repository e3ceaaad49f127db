#include "model_runner.h"

#include <algorithm>

#include "base/check.h"
#include "intact/train/run_directory.h"

namespace intact::tools {

InferenceModel load_run_or_model(const std::string& path) {
  const RunDirectory directory(path);
  if (!directory.exists()) {
    return load_model(path);
  }
  SavedRun run = directory.load();
  return {.program = run.programs.at("test").prune({run.info.image}, {run.info.output}),
          .feeds = {run.info.image},
          .fetches = {run.info.output},
          .scope = std::move(run.scope)};
}

std::vector<std::string> quantized_tensors(const Program& program) {
  std::vector<std::string> names;
  for (const Op* op : program.ops()) {
    if (op->type() == "onnx_quantize_linear") {
      names.push_back(op->output("Y").name());
    }
  }
  return names;
}

ModelRunner::ModelRunner(InferenceModel model, bool keep_codes)
    : model_(std::move(model)),
      quantized_(keep_codes ? quantized_tensors(model_.program) : std::vector<std::string>{}) {}

std::string ModelRunner::engine() const {
  return "Executor";
}

std::vector<Tensor> ModelRunner::run(const TensorMap& feeds) {
  std::vector<std::string> names = model_.fetches;
  names.insert(names.end(), quantized_.begin(), quantized_.end());
  std::vector<Tensor> results = executor_.run(model_.program, feeds, names, model_.scope);
  for (size_t i = 0; i < quantized_.size(); ++i) {
    codes_[quantized_[i]] = results[model_.fetches.size() + i];
  }
  results.resize(model_.fetches.size());
  return results;
}

std::vector<int64_t> predicted_labels(const Tensor& output) {
  check(output.shape().rank() == 2 && output.dtype() == DType::Float32 && output.shape()[1] > 0,
        "the model gives {} {}, but labels need float32 [N, classes]; use `intact run`",
        to_string(output.dtype()),
        output.shape().to_string());
  std::vector<int64_t> labels;
  const int64_t classes = output.shape()[1];
  for (int64_t row = 0; row < output.shape()[0]; ++row) {
    const float* begin = output.data<float>() + row * classes;
    labels.push_back(std::max_element(begin, begin + classes) - begin);
  }
  return labels;
}

}  // namespace intact::tools
