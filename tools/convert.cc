// intact convert: saves a run as .pdmodel and .pdiparams; a quantized one with integer weights.
#include "intact/quant/convert.h"

#include "base/check.h"
#include "command.h"
#include "intact/passes/passes.h"
#include "intact/quant/coverage.h"
#include "intact/quant/quant_aware.h"
#include "intact/train/run_directory.h"
#include "model_runner.h"
#include "quant_options.h"
#include "save_model.h"

namespace intact::tools {
namespace {

struct ConvertCommand {
  CommonOptions common;
  std::string run;
  std::string out;
  std::string format = "paddle";
  bool use_onnx_format = false;
  bool save_int8 = false;
  bool exact = false;
  SaturationData saturation;
};

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

void check_onnx_options(const ConvertCommand& command) {
  check(!command.use_onnx_format && !command.save_int8 && !command.exact,
        "--format: onnx has no use for --onnx-format, --int8 and --exact; leave them out");
}

int convert_run(const ConvertCommand& command) {
  command.common.apply();
  const bool is_onnx = command.format == "onnx";
  check(is_onnx || command.saturation.directory.empty(),
        "--data: is for --format onnx, but --format is {}; leave it out",
        command.format);
  nlohmann::ordered_json report = {
      {"command", "convert"}, {"run", command.run}, {is_onnx ? "file" : "prefix", command.out}};
  if (is_onnx) {
    check_onnx_options(command);
    save_onnx(command.out, load_run_or_model(command.run), report, command.saturation);
    command.common.report(report);
    return kDone;
  }
  SavedRun run = RunDirectory(command.run).load();
  const std::vector<std::string> feeds = {run.info.image};
  const std::vector<std::string> fetches = {run.info.output};
  const auto quantized = run.info.config.find(kQuantConfigKey);
  if (quantized == run.info.config.end()) {
    check(!command.use_onnx_format && !command.save_int8 && !command.exact,
          "{}: is a float run, so --onnx-format, --int8 and --exact do not apply; `intact "
          "quantize` it "
          "first",
          command.run);
    save_paddle(command.out, feeds, fetches, run.programs.at("test"), run.scope);
    command.common.report(report);
    return kDone;
  }
  const QuantConfig trained = quant_config_from_json_text(quantized->second);
  QuantConfig wanted = trained;
  wanted.onnx_format = trained.onnx_format || command.use_onnx_format;
  Program program = quantized_test_program(run, trained, wanted);
  const Converted converted =
      convert(program,
              CpuPlace{},
              wanted,
              {.save_int8 = command.save_int8, .exact = command.exact, .scope = &run.scope});
  if (command.exact) {
    write_batch_norm_out(program, run.scope);  // the ledger's ops are those of the files
  }
  const CoverageLedger trained_ledger = coverage_ledger(program, run.scope, feeds, fetches);
  save_converted(command.out, feeds, fetches, converted, trained_ledger, report);
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
  sub->add_flag("--exact",
                command->exact,
                "Write batch norm as a multiplication and an addition, and V2's products on codes: "
                "outputs are then the same to the last bit in every reader");
  sub->add_option("--data",
                  command->saturation.directory,
                  "onnx: directory of IDX files under MNIST's names; counts how often layers "
                  "saturate 16 bits on test images");
  sub->add_option("--samples", command->saturation.images, "onnx: test images to count on; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return convert_run(*command); }; });
}

}  // namespace intact::tools
