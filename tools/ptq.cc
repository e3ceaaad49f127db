// intact ptq: quantizes a trained model without training, from a few batches of images.
#include <fmt/format.h>

#include "base/check.h"
#include "calibration.h"
#include "command.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/quant_post.h"
#include "model_accuracy.h"
#include "model_runner.h"
#include "progress.h"
#include "quant_options.h"
#include "save_model.h"

namespace intact::tools {
namespace {

struct PtqCommand {
  CommonOptions common;
  std::string model;
  std::string data;
  std::string out;
  std::string algorithm = "hist";
  double hist_percent = 0.9999;
  int64_t batches = 10;
  int64_t batch_size = 64;
  bool bias_correction = false;
  bool optimize_model = false;
  bool adaround = false;
  bool save_int8 = false;
  std::string format = "paddle";
  QuantOptions quant;
};

void check_options(const PtqCommand& command, const QuantConfig& config) {
  const bool is_onnx = command.format == "onnx";
  check(!is_onnx || command.out.ends_with(".onnx"),
        "--out: is '{}' but --format onnx writes one file; give FILE.onnx",
        command.out);
  check(!is_onnx || (!config.onnx_format && !command.save_int8),
        "--format: onnx has no use for --onnx-format and --int8; leave them out");
}

/// The test images, or nothing where DIR has none.
std::optional<ImageData> test_images(const PtqCommand& command, int64_t class_count) {
  try {
    return open_images({.directory = command.data,
                        .mode = Mode::Test,
                        .batch_size = command.batch_size,
                        .class_count = class_count});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::NotFound) {
      throw;
    }
    fmt::print(stderr, "no accuracy: {}\n", error.what());
    return std::nullopt;
  }
}

/// What ships: integers where the model has an integer form.
Arithmetic arithmetic_of_model(const InferenceModel& model) {
  const MeasuredModel measured = with_metrics(model);
  return arithmetic_of(measured.program, model.scope, measured.names);
}

void save(const PtqCommand& command,
          const InferenceModel& model,
          Converted& converted,
          nlohmann::ordered_json& report) {
  if (command.format == "onnx") {
    save_onnx(command.out,
              {.program = converted.float_program.clone(),
               .feeds = model.feeds,
               .fetches = model.fetches,
               .scope = converted.scope.clone()},
              report);
    return;
  }
  const CoverageLedger made =
      coverage_ledger(converted.float_program, converted.scope, model.feeds, model.fetches);
  save_converted(command.out, model.feeds, model.fetches, converted, made, report);
}

int ptq(const PtqCommand& command) {
  command.common.apply();
  const QuantConfig config = command.quant.parse();
  check_options(command, config);
  InferenceModel model = load_run_or_model(command.model);
  check(!is_quantized(model.program),
        "{}: is quantized already; give a float run or model",
        command.model);
  const int64_t classes = class_count_of(model, command.model);
  const CalibrationBatches batches = calibration_batches({.directory = command.data,
                                                          .batches = command.batches,
                                                          .batch_size = command.batch_size,
                                                          .class_count = classes,
                                                          .feed = model.feeds.front()});
  Converted converted = quant_post_static(
      model.program,
      batches,
      config,
      {.algorithm = ptq_algorithm(command.algorithm),
       .hist_percent = command.hist_percent,
       .bias_correction = command.bias_correction,
       .optimize_model = command.optimize_model,
       .weight_rounding = command.adaround ? WeightRounding::Learned : WeightRounding::Nearest,
       .save_int8 = command.save_int8,
       .scope = &model.scope});
  fmt::print(stderr,
             "quantized {} of {} ops\n",
             converted.report.quantized_count(),
             converted.report.ops.size());
  for (const std::string& note : converted.report.notes) {
    fmt::print(stderr, "{}\n", note);
  }
  nlohmann::ordered_json report = {{"command", "ptq"},
                                   {"model", command.model},
                                   {"algorithm", command.algorithm},
                                   {"out", command.out}};
  save(command, model, converted, report);
  if (const std::optional<ImageData> images = test_images(command, classes)) {
    InferenceModel quantized{.program = std::move(converted.float_program),
                             .feeds = model.feeds,
                             .fetches = model.fetches,
                             .scope = std::move(converted.scope)};
    const Arithmetic arithmetic = arithmetic_of_model(quantized);
    const Metrics before = measure(model, *images, command.batch_size, "float", Arithmetic::Float);
    const Metrics after = measure(quantized, *images, command.batch_size, "quantized", arithmetic);
    report["float"] = to_json(before);
    report["quantized"] = to_json(after);
    report["arithmetic"] = to_string(arithmetic);
    fmt::print("float      {}\nquantized  {}  ({})\n",
               to_text(before),
               to_text(after),
               to_string(arithmetic));
  }
  command.common.report(report);
  return kDone;
}

}  // namespace

void add_ptq_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<PtqCommand>();
  CLI::App* sub =
      app.add_subcommand("ptq", "Quantize a trained model without training, and save it");
  sub->add_option("model", command->model, "A float run, FILE.onnx, or the prefix of a .pdmodel")
      ->required();
  sub->add_option(
         "--data", command->data, "Directory of IDX files under MNIST's names, raw or gzipped")
      ->required();
  sub->add_option("--out", command->out, "Prefix of the files to write, or FILE.onnx")->required();
  sub->add_option("--algo", command->algorithm, "How the largest value to keep is chosen")
      ->check(CLI::IsMember(ptq_algorithm_names()))
      ->capture_default_str();
  sub->add_option("--hist-percent", command->hist_percent, "hist: share of values to keep")
      ->capture_default_str();
  sub->add_option("--batches", command->batches, "Batches of training images to look at; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--batch-size", command->batch_size, "Images a batch")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_flag("--bias-correction",
                command->bias_correction,
                "Give quantized weights the mean and deviation of the float ones");
  sub->add_flag("--optimize-model",
                command->optimize_model,
                "Fold batch norm into the layers in front of it first");
  sub->add_flag(
      "--adaround", command->adaround, "Learn which way to round each weight, layer by layer");
  sub->add_option("--format", command->format, "paddle or onnx")
      ->check(CLI::IsMember({"paddle", "onnx"}))
      ->capture_default_str();
  sub->add_flag(
      "--int8", command->save_int8, "Also write PREFIX_int8, whose weights are stored as int8");
  add_quant_options(*sub, command->quant);
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return ptq(*command); }; });
}

}  // namespace intact::tools
