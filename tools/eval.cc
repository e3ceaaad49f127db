// intact eval: accuracy of a saved run or model on the test images.
#include <fmt/format.h>

#include "command.h"
#include "intact/interop/inference_model.h"
#include "intact/passes/deployment_form.h"
#include "model_accuracy.h"
#include "model_runner.h"
#include "progress.h"
#include "training.h"

namespace intact::tools {
namespace {

struct EvalCommand {
  CommonOptions common;
  std::string path;
  std::string data;
  int64_t batch_size = 64;
  std::string arithmetic;  // "", "float" or "integer"
};

struct Evaluation {
  Metrics metrics;
  Arithmetic arithmetic = Arithmetic::Float;
};

Arithmetic chosen(const EvalCommand& command, Arithmetic otherwise) {
  return command.arithmetic.empty()      ? otherwise
         : command.arithmetic == "float" ? Arithmetic::Float
                                         : Arithmetic::Integer;
}

/// A quantized FILE.onnx says integers; other files are simulated as their own runtimes do it.
Arithmetic arithmetic_of_file(const EvalCommand& command, const InferenceModel& model) {
  return command.path.ends_with(".onnx") && is_quantized(model.program) ? Arithmetic::Integer
                                                                        : Arithmetic::Float;
}

Evaluation evaluate_model(const EvalCommand& command) {
  InferenceModel model = load_run_or_model(command.path);
  const ImageData images = open_images({.directory = command.data,
                                        .mode = Mode::Test,
                                        .batch_size = command.batch_size,
                                        .class_count = class_count_of(model, command.path)});
  const Arithmetic arithmetic = chosen(command, arithmetic_of_file(command, model));
  return {measure(model, images, command.batch_size, "test", arithmetic), arithmetic};
}

int eval(const EvalCommand& command) {
  command.common.apply();
  Evaluation evaluation;
  if (RunDirectory(command.path).exists()) {
    SavedRun run = RunDirectory(command.path).load();
    evaluation.arithmetic =
        chosen(command, arithmetic_of(run.programs.at("test"), run.scope, loop_names(run)));
    evaluation.metrics = evaluate_run(run, command.data, "test", evaluation.arithmetic);
  } else {
    evaluation = evaluate_model(command);
  }
  const Metrics& metrics = evaluation.metrics;
  nlohmann::ordered_json report = {{"command", "eval"},
                                   {"model", command.path},
                                   {"arithmetic", to_string(evaluation.arithmetic)}};
  report.update(to_json(metrics));
  command.common.report(report);
  fmt::print("{}  {}  ({}, {})\n",
             command.path,
             to_text(metrics),
             to_string(evaluation.arithmetic),
             format_seconds(metrics.seconds));
  return kDone;
}

}  // namespace

void add_eval_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<EvalCommand>();
  CLI::App* sub = app.add_subcommand("eval", "Measure accuracy on the test images");
  sub->add_option("model", command->path, "A saved run, FILE.onnx, or the prefix of a .pdmodel")
      ->required();
  sub->add_option(
         "--data", command->data, "Directory of IDX files under MNIST's names, raw or gzipped")
      ->required();
  sub->add_option(
         "--batch-size", command->batch_size, "Images a step; the result does not depend on it")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_option(
         "--arithmetic",
         command->arithmetic,
         "float or integer; unless given, quantized runs and quantized FILE.onnx use their "
         "integer program, other files float")
      ->check(CLI::IsMember({"float", "integer"}));
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return eval(*command); }; });
}

}  // namespace intact::tools
