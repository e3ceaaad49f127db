// intact convert: saves a run as .pdmodel and .pdiparams; a quantized one with integer weights.
#include "intact/quant/convert.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/check.h"
#include "command.h"
#include "intact/interop/onnx.h"
#include "intact/interop/paddle.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/coverage.h"
#include "intact/quant/quant_aware.h"
#include "intact/quant/saturation.h"
#include "intact/train/run_directory.h"
#include "model_runner.h"
#include "progress.h"
#include "quant_options.h"

namespace intact::tools {
namespace {

struct ConvertCommand {
  CommonOptions common;
  std::string run;
  std::string out;
  std::string format = "paddle";
  bool use_onnx_format = false;
  bool save_int8 = false;
};

void save(const std::string& prefix,
          const SavedRun& run,
          const Program& program,
          const Scope& scope) {
  save_inference_model(prefix, {run.info.image}, {run.info.output}, program, scope);
  const auto bytes = std::filesystem::file_size(prefix + ".pdmodel") +
                     std::filesystem::file_size(prefix + ".pdiparams");
  fmt::print("{}.pdmodel, {}.pdiparams  {}\n", prefix, prefix, format_bytes(bytes));
}

/// The run's quantized program for test, in the wanted format: the scales are the same in both.
Program quantized_test_program(SavedRun& run,
                               const QuantConfig& trained,
                               const QuantConfig& wanted) {
  if (trained.onnx_format == wanted.onnx_format) {
    return run.programs.at("test").clone();
  }
  return quant_aware(
      run.programs.at("float_test"), CpuPlace{}, wanted, {.for_test = true, .scope = &run.scope});
}

/// Reads the files back and compares every op, tensor and scale with the evaluation program.
void check_files(const std::string& prefix,
                 const SavedRun& run,
                 const CoverageLedger& trained,
                 nlohmann::ordered_json& report) {
  const InferenceModel model = load_inference_model(prefix);
  const CoverageLedger shipped =
      coverage_ledger(model.program, model.scope, {run.info.image}, {run.info.output});
  const std::vector<std::string> differences = compare_coverage(trained, shipped);
  check(differences.empty(),
        "{}: what was written is not what was trained: {}; leave the layer float by "
        "--not-quant-pattern, or convert with --onnx-format",
        prefix,
        fmt::join(differences, "; "));
  report["coverage"] = nlohmann::ordered_json::parse(shipped.to_json());
}

/// Layers whose products add up to more than 16 bits hold, where a client's CPU adds pairs of them
/// that way, and signed codes, which clients compute in float.
void warn_of_saturation(const Program& deployed, const std::vector<PairBound>& bounds) {
  for (const PairBound& bound : bounds) {
    if (!bound.is_safe()) {
      fmt::print(stderr, "warning: {}\n", bound.to_text());
    }
  }
  for (const std::string& name : quantized_tensors(deployed)) {
    if (deployed.var(name).dtype() == DType::Int8) {
      fmt::print(stderr,
                 "warning: '{}' is int8, whose layers other runtimes compute in float or with "
                 "saturation; quantize with --deploy portable\n",
                 name);
    }
  }
}

nlohmann::ordered_json to_json(const std::vector<PairBound>& bounds) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const PairBound& bound : bounds) {
    json.push_back({{"op", bound.op},
                    {"bound", bound.bound()},
                    {"is_safe", bound.is_safe()},
                    {"is_depthwise", bound.is_depthwise}});
  }
  return json;
}

int convert_to_onnx(const ConvertCommand& command) {
  check(command.out.ends_with(".onnx"),
        "--out: is '{}' but --format onnx writes one file; give FILE.onnx",
        command.out);
  check(!command.use_onnx_format && !command.save_int8,
        "--format: onnx has no use for --onnx-format and --int8; leave them out");
  InferenceModel model = load_run_or_model(command.run);
  nlohmann::ordered_json report = {
      {"command", "convert"}, {"run", command.run}, {"file", command.out}};
  if (is_quantized(model.program)) {
    const std::vector<PairBound> bounds = saturation_bounds(model.program, model.scope);
    report["saturation"] = to_json(bounds);
    model = deployed(std::move(model));
    warn_of_saturation(model.program, bounds);
  }
  save_onnx_model(command.out, model.feeds, model.fetches, model.program, model.scope);
  fmt::print("{}  {}\n", command.out, format_bytes(std::filesystem::file_size(command.out)));
  command.common.report(report);
  return kDone;
}

int convert_run(const ConvertCommand& command) {
  command.common.apply();
  if (command.format == "onnx") {
    return convert_to_onnx(command);
  }
  SavedRun run = RunDirectory(command.run).load();
  nlohmann::ordered_json report = {
      {"command", "convert"}, {"run", command.run}, {"prefix", command.out}};
  const auto quantized = run.info.config.find(kQuantConfigKey);
  if (quantized == run.info.config.end()) {
    check(
        !command.use_onnx_format && !command.save_int8,
        "{}: is a float run, so --onnx-format and --int8 do not apply; `intact quantize` it first",
        command.run);
    save(command.out, run, run.programs.at("test"), run.scope);
    command.common.report(report);
    return kDone;
  }
  const QuantConfig trained = quant_config_from_json_text(quantized->second);
  QuantConfig wanted = trained;
  wanted.onnx_format = trained.onnx_format || command.use_onnx_format;
  const Program program = quantized_test_program(run, trained, wanted);
  const Converted converted =
      convert(program, CpuPlace{}, wanted, {.save_int8 = command.save_int8, .scope = &run.scope});
  const CoverageLedger trained_ledger =
      coverage_ledger(program, run.scope, {run.info.image}, {run.info.output});
  save(command.out, run, converted.float_program, converted.scope);
  check_files(command.out, run, trained_ledger, report);
  if (command.save_int8) {
    save(command.out + "_int8", run, *converted.int8_program, converted.scope);
    check_files(command.out + "_int8", run, trained_ledger, report);
  }
  report["quantization"] = nlohmann::ordered_json::parse(converted.report.to_json());
  command.common.report(report);
  return kDone;
}

}  // namespace

void add_convert_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<ConvertCommand>();
  CLI::App* sub = app.add_subcommand(
      "convert", "Save a run as PREFIX.pdmodel and PREFIX.pdiparams, or FILE.onnx");
  sub->add_option("run",
                  command->run,
                  "Directory that `intact train` or `intact quantize` saved; with --format onnx "
                  "also a saved model")
      ->required();
  sub->add_option("--out", command->out, "Prefix of the files to write, or FILE.onnx")->required();
  sub->add_option("--format", command->format, "paddle or onnx")
      ->check(CLI::IsMember({"paddle", "onnx"}))
      ->capture_default_str();
  sub->add_flag("--onnx-format",
                command->use_onnx_format,
                "quantize_linear and dequantize_linear ops, int8 weights");
  sub->add_flag(
      "--int8", command->save_int8, "Also write PREFIX_int8, whose weights are stored as int8");
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return convert_run(*command); }; });
}

}  // namespace intact::tools
