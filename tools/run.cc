// intact run: one forward pass of a saved model over a .npy file.
#include <fmt/format.h>

#include "base/check.h"
#include "command.h"
#include "intact/data/npy.h"
#include "intact/interop/inference_model.h"
#include "intact/passes/deployment_form.h"
#include "intact/runtime/executor.h"
#include "intact/runtime/integer_model.h"

namespace intact::tools {
namespace {

struct RunCommand {
  CommonOptions common;
  std::string model;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  bool use_reference = false;
  bool use_integers = false;
  bool use_floats = false;
};

/// "x.npy" or "name=x.npy".
TensorMap load_inputs(const std::vector<std::string>& inputs, const InferenceModel& model) {
  check(inputs.size() == model.feeds.size(),
        "--input: {} files were given but the model is fed {}; give one --input each, as NAME=FILE",
        inputs.size(),
        model.feeds);
  TensorMap feeds;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const size_t equals = inputs[i].find('=');
    const std::string name =
        equals == std::string::npos ? model.feeds[i] : inputs[i].substr(0, equals);
    const std::string path = equals == std::string::npos ? inputs[i] : inputs[i].substr(equals + 1);
    check(feeds.emplace(name, load_npy(path)).second,
          "--input: '{}' is given twice; give each input once",
          name);
  }
  return feeds;
}

std::vector<Tensor> run_floats(InferenceModel& model,
                               const TensorMap& feeds,
                               const RunCommand& command) {
  Executor executor(CpuPlace{}, {.use_reference = command.use_reference});
  return executor.run(model.program, feeds, model.fetches, model.scope);
}

std::vector<Tensor> run_integers(const InferenceModel& model,
                                 const TensorMap& feeds,
                                 const RunCommand& command) {
  const DeploymentForm form = deployment_form(model.program, model.scope, model.fetches);
  IntegerSession session(
      IntegerModel::compile(form.program, form.scope, model.feeds, model.fetches),
      {.use_reference = command.use_reference});
  return session.run(feeds);
}

/// A quantized FILE.onnx says integers; other files are simulated as their own runtimes do it.
bool is_on_integers(const RunCommand& command, const InferenceModel& model) {
  check(!command.use_integers || !command.use_floats,
        "--float: is given with --integer; leave one out");
  const bool says_integers = command.model.ends_with(".onnx") && is_quantized(model.program);
  return command.use_integers || (says_integers && !command.use_floats);
}

int run(const RunCommand& command) {
  command.common.apply();
  InferenceModel model = load_model(command.model);
  check(command.outputs.size() == model.fetches.size(),
        "--output: {} files were given but the model has outputs {}; give one --output each",
        command.outputs.size(),
        model.fetches);
  const TensorMap feeds = load_inputs(command.inputs, model);
  const std::vector<Tensor> results = is_on_integers(command, model)
                                          ? run_integers(model, feeds, command)
                                          : run_floats(model, feeds, command);
  nlohmann::ordered_json report = {{"command", "run"}, {"model", command.model}};
  for (size_t i = 0; i < results.size(); ++i) {
    save_npy(command.outputs[i], results[i]);
    fmt::print("{}  {} {}\n",
               command.outputs[i],
               to_string(results[i].dtype()),
               results[i].shape().to_string());
    report["outputs"].push_back({{"name", model.fetches[i]}, {"shape", results[i].shape().dims()}});
  }
  command.common.report(report);
  return kDone;
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<RunCommand>();
  CLI::App* sub = app.add_subcommand("run", "Run a saved model once: .npy in, .npy out");
  sub->add_option(
         "model", command->model, "FILE.onnx, or the prefix of PREFIX.pdmodel and PREFIX.pdiparams")
      ->required();
  sub->add_option("--input", command->inputs, "FILE.npy, or NAME=FILE.npy; once per input")
      ->required();
  sub->add_option("--output", command->outputs, "FILE.npy to write; once per output")->required();
  sub->add_flag("--integer",
                command->use_integers,
                "Run the integer program of a quantized model; the default for FILE.onnx");
  sub->add_flag("--float",
                command->use_floats,
                "Run a quantized model as float simulation; the default for .pdmodel");
  sub->add_flag("--reference",
                command->use_reference,
                "Use the slow reference kernels, which define every op");
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return run(*command); }; });
}

}  // namespace intact::tools
