// intact eval: accuracy of a saved run or model on the test images.
#include <fmt/format.h>

#include <filesystem>

#include "base/check.h"
#include "command.h"
#include "intact/interop/inference_model.h"
#include "intact/nn/accuracy.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/shape_ops.h"
#include "intact/passes/deployment_form.h"
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

/// True when the output already holds probabilities, so that the loss must not apply softmax again.
bool ends_in_softmax(const Var& output) {
  const Op* producer = output.producer();
  return producer != nullptr && producer->type() == "softmax";
}

/// Adds label, loss and accuracies to a model that only has its output.
LoopOptions add_metrics(Program& program, const std::string& output_name) {
  Program startup;
  ProgramGuard guard(program, startup);
  Var& output = program.var(output_name);
  check(output.shape().rank() == 2,
        "eval: the model's output '{}' has shape {} but accuracy needs [N, classes]; use `intact "
        "run` for other models",
        output_name,
        output.shape().to_string());
  Var& label = nn::data("label", {-1, 1}, DType::Int64);
  const auto classes = static_cast<int>(output.shape()[1]);
  return {
      .top1 = nn::accuracy(output, label, 1).name(),
      .top5 = nn::accuracy(output, label, std::min(5, classes)).name(),
      .loss = nn::cross_entropy(output, label, {.use_softmax = !ends_in_softmax(output)}).name()};
}

/// A quantized FILE.onnx says integers; other files are simulated as their own runtimes do it.
Arithmetic arithmetic_of_file(const EvalCommand& command, const InferenceModel& model) {
  return command.path.ends_with(".onnx") && is_quantized(model.program) ? Arithmetic::Integer
                                                                        : Arithmetic::Float;
}

Evaluation evaluate_model(const EvalCommand& command) {
  InferenceModel model = load_model(command.path);
  check(model.feeds.size() == 1 && model.fetches.size() == 1,
        "{}: is fed {} and gives {}, but eval needs one image and one output; use `intact run`",
        command.path,
        model.feeds,
        model.fetches);
  const LoopOptions names = add_metrics(model.program, model.fetches.front());
  const int64_t classes = model.program.var(model.fetches.front()).shape()[1];
  const ImageData images = open_images({.directory = command.data,
                                        .mode = Mode::Test,
                                        .batch_size = command.batch_size,
                                        .class_count = classes});
  DataLoader loader(
      *images.dataset,
      {.batch_size = command.batch_size, .feed_list = {model.feeds.front(), "label"}});
  const Arithmetic arithmetic = chosen(command, arithmetic_of_file(command, model));
  return {evaluate_program(model.program, model.scope, names, loader, "test", arithmetic),
          arithmetic};
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
