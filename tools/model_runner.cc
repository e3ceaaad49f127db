#include "model_runner.h"

#include <algorithm>

#include "base/check.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/quant_post_dynamic.h"
#include "intact/train/run_directory.h"

namespace intact::tools {

InferenceModel load_run_or_model(const std::string& path) {
  const RunDirectory directory(path);
  if (!directory.exists()) {
    InferenceModel model = load_model(path);
    dequantize_weights(model.program, model.scope);  // of quant_post_dynamic: nothing else has them
    return model;
  }
  SavedRun run = directory.load();
  return {.program = run.programs.at("test").prune({run.info.image}, {run.info.output}),
          .feeds = {run.info.image},
          .fetches = {run.info.output},
          .scope = std::move(run.scope)};
}

InferenceModel deployed(InferenceModel model) {
  if (is_quantized(model.program)) {
    DeploymentForm form = deployment_form(model.program, model.scope, model.fetches);
    model.program = std::move(form.program);
    model.scope = std::move(form.scope);
  }
  return model;
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

ModelRunner::ModelRunner(InferenceModel model, Options options)
    : model_(std::move(model)), executor_(CpuPlace{}, {.use_reference = options.use_reference}) {
  if (!quantized_tensors(model_.program).empty()) {
    session_.emplace(
        IntegerModel::compile(model_.program, model_.scope, model_.feeds, model_.fetches),
        IntegerSessionOptions{.use_reference = options.use_reference,
                              .keep_codes = options.keep_codes});
  }
}

std::string ModelRunner::engine() const {
  return session_ ? "integer runtime" : "Executor";
}

std::vector<Tensor> ModelRunner::run(const TensorMap& feeds) {
  return session_ ? session_->run(feeds)
                  : executor_.run(model_.program, feeds, model_.fetches, model_.scope);
}

const TensorMap& ModelRunner::codes() const {
  static const TensorMap kNone;
  return session_ ? session_->codes() : kNone;
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
