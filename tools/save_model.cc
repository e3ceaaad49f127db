#include "save_model.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>

#include "base/check.h"
#include "dataset.h"
#include "intact/interop/onnx.h"
#include "intact/interop/paddle.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/saturation.h"
#include "model_runner.h"
#include "progress.h"

namespace intact::tools {
namespace {

InferenceModel copy_of(const InferenceModel& model) {
  return {.program = model.program.clone(),
          .feeds = model.feeds,
          .fetches = model.fetches,
          .scope = model.scope.clone()};
}

/// Reads the files back and compares every op, tensor and scale with the evaluation program.
void check_files(const std::string& prefix,
                 const std::vector<std::string>& feeds,
                 const std::vector<std::string>& fetches,
                 const CoverageLedger& trained,
                 nlohmann::ordered_json& json) {
  const InferenceModel model = load_inference_model(prefix);
  const CoverageLedger shipped = coverage_ledger(model.program, model.scope, feeds, fetches);
  const std::vector<std::string> differences = compare_coverage(trained, shipped);
  check(differences.empty(),
        "{}: what was written is not what was trained: {}; leave the layer float by "
        "--not-quant-pattern, or convert with --onnx-format",
        prefix,
        fmt::join(differences, "; "));
  json["coverage"] = nlohmann::ordered_json::parse(shipped.to_json());
}

/// The same for FILE.onnx.
void check_onnx_file(const std::string& path,
                     const InferenceModel& trained,
                     nlohmann::ordered_json& json) {
  const InferenceModel file = load_onnx_model(path);
  const std::vector<std::string> differences = onnx_differences(trained, file);
  check(differences.empty(),
        "{}: what was written is not what was trained: {}; leave the layer float by "
        "--not-quant-pattern",
        path,
        fmt::join(differences, "; "));
  json["coverage"] =
      nlohmann::ordered_json::parse(coverage_json(deployed_tensors(file.program, file.scope)));
}

using PairCounts = std::map<std::string, PairCount>;  // by op

/// Of the layers that can saturate; empty without data.
PairCounts count_on_images(const InferenceModel& deployed, const SaturationData& data) {
  PairCounts counts;
  if (data.directory.empty()) {
    return counts;
  }
  ModelRunner runner(copy_of(deployed), {.keep_codes = true});
  const ImageData images = open_images(
      {.directory = data.directory, .mode = Mode::Test, .limit = data.images, .batch_size = 32});
  for (const TensorMap& fed : *images.loader) {
    runner.run({{deployed.feeds[0], fed.at("image")}});
    for (const PairCount& count :
         count_saturating_pairs(deployed.program, deployed.scope, runner.codes())) {
      counts[count.op] += count;
    }
  }
  return counts;
}

std::string count_text(const PairCounts& counts, const std::string& op) {
  const auto found = counts.find(op);
  if (found == counts.end()) {
    return "";
  }
  const PairCount& count = found->second;
  return count.pairs == 0 ? "; not counted"
                          : fmt::format("; {} of {} pairs ({:.3g} %) do on the data",
                                        count.saturating,
                                        count.pairs,
                                        100 * static_cast<double>(count.saturating) /
                                            static_cast<double>(count.pairs));
}

/// Layers whose products add up to more than 16 bits hold, where a client's CPU adds pairs of them
/// that way, and signed codes, which clients compute in float.
void warn_of_saturation(const Program& deployed,
                        const std::vector<PairBound>& bounds,
                        const PairCounts& counts) {
  for (const PairBound& bound : bounds) {
    if (!bound.is_safe()) {
      fmt::print(stderr, "warning: {}{}\n", bound.to_text(), count_text(counts, bound.op));
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

nlohmann::ordered_json to_json(const std::vector<PairBound>& bounds, const PairCounts& counts) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const PairBound& bound : bounds) {
    json.push_back({{"op", bound.op},
                    {"bound", bound.bound()},
                    {"is_safe", bound.is_safe()},
                    {"is_depthwise", bound.is_depthwise}});
    if (const auto found = counts.find(bound.op); found != counts.end()) {
      json.back()["saturating"] = found->second.saturating;
      json.back()["pairs"] = found->second.pairs;
    }
  }
  return json;
}

}  // namespace

void save_paddle(const std::string& prefix,
                 const std::vector<std::string>& feeds,
                 const std::vector<std::string>& fetches,
                 const Program& program,
                 const Scope& scope) {
  save_inference_model(prefix, feeds, fetches, program, scope);
  const auto bytes = std::filesystem::file_size(prefix + ".pdmodel") +
                     std::filesystem::file_size(prefix + ".pdiparams");
  fmt::print("{}.pdmodel, {}.pdiparams  {}\n", prefix, prefix, format_bytes(bytes));
}

void save_converted(const std::string& prefix,
                    const std::vector<std::string>& feeds,
                    const std::vector<std::string>& fetches,
                    const Converted& converted,
                    const CoverageLedger& trained,
                    nlohmann::ordered_json& json) {
  save_paddle(prefix, feeds, fetches, converted.float_program, converted.scope);
  check_files(prefix, feeds, fetches, trained, json);
  if (converted.int8_program.has_value()) {
    const std::string int8_prefix = prefix + "_int8";
    save_paddle(int8_prefix, feeds, fetches, *converted.int8_program, converted.scope);
    check_files(int8_prefix, feeds, fetches, trained, json);
  }
  json["quantization"] = nlohmann::ordered_json::parse(converted.report.to_json());
}

void save_onnx(const std::string& file,
               InferenceModel model,
               nlohmann::ordered_json& json,
               const SaturationData& data) {
  check(file.ends_with(".onnx"),
        "--out: is '{}' but --format onnx writes one file; give FILE.onnx",
        file);
  std::optional<InferenceModel> trained;
  if (is_quantized(model.program)) {
    const std::vector<PairBound> bounds = saturation_bounds(model.program, model.scope);
    trained.emplace(copy_of(model));
    model = deployed(std::move(model));
    const PairCounts counts = count_on_images(model, data);
    json["saturation"] = to_json(bounds, counts);
    warn_of_saturation(model.program, bounds, counts);
  }
  save_onnx_model(file, model.feeds, model.fetches, model.program, model.scope);
  fmt::print("{}  {}\n", file, format_bytes(std::filesystem::file_size(file)));
  if (trained) {
    check_onnx_file(file, *trained, json);
  }
}

}  // namespace intact::tools
