#include <algorithm>
#include <bit>
#include <optional>

#include "dataset.h"
#include "intact/quant/analysis.h"
#include "intact/quant/report.h"
#include "report_parts.h"

namespace intact::tools {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kBatch = 16;  // bounds the memory of the activations fetched at once

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json tensor_json(const TensorAnalysis& analysis) {
  const QuantizedTensor& tensor = analysis.tensor;
  const auto [smallest, largest] = std::minmax_element(tensor.steps.begin(), tensor.steps.end());
  ordered_json json = {{"name", tensor.name},
                       {"is_weight", tensor.is_weight},
                       {"bits", std::bit_width(static_cast<uint32_t>(tensor.high - tensor.low))},
                       {"low", tensor.low},
                       {"high", tensor.high},
                       {"zero_point", tensor.zero_point},
                       {"steps", tensor.steps.size()},
                       {"step_min", *smallest},
                       {"step_max", *largest},
                       {"source", tensor.source},
                       {"count", analysis.count}};
  if (analysis.count > 0) {
    json["min"] = analysis.smallest;
    json["max"] = analysis.largest;
    json["clipped_low"] = analysis.clipped_low;
    json["clipped_high"] = analysis.clipped_high;
    json["clip_share"] = analysis.clip_share();
    json["sqnr_db"] = or_null(analysis.sqnr_db);
    json["codes_used"] = analysis.codes_used();
    json["codes_per_bin"] = analysis.codes_per_bin;
    json["histogram"] = analysis.histogram;
  }
  return json;
}

ordered_json layer_json(const LayerAnalysis& layer) {
  return {{"op", layer.op},
          {"type", layer.type},
          {"weight", layer.weight},
          {"weight_shape", layer.weight_shape.dims()},
          {"inputs", layer.inputs},
          {"output_shape", layer.output_shape.dims()},
          {"sqnr_db", or_null(layer.sqnr_db)}};
}

/// Ops that stay float although their type is to be quantized, and why.
ordered_json float_layers_json(const QuantReport& quantized) {
  ordered_json json = ordered_json::array();
  for (const QuantReport::Entry& entry : quantized.ops) {
    const bool is_chosen = entry.reason.find("not among the op types") != std::string::npos;
    if (!entry.is_quantized && !entry.reason.empty() && !is_chosen) {
      json.push_back({{"op", entry.op}, {"reason", entry.reason}});
    }
  }
  return json;
}

}  // namespace

void add_analysis(const ReportSources& sources, const SavedRun& run, ordered_json& report) {
  if (!run.programs.contains("float_test")) {
    return;
  }
  const Program& quantized = run.programs.at("test");
  report["float_layers"] = float_layers_json(inspect_quantization(quantized, run.scope));
  const CalibrationBatches batches = [&](const std::function<void(const TensorMap&)>& visit) {
    if (sources.data.empty()) {
      return;
    }
    const ImageData images = open_images({.directory = sources.data,
                                          .mode = Mode::Test,
                                          .limit = sources.samples,
                                          .batch_size = kBatch,
                                          .class_count = run.info.class_dim});
    for (const TensorMap& batch : *images.loader) {
      visit({{run.info.image, batch.at("image")}});
    }
  };
  const QuantizationAnalysis analysis = analyze_quantization(
      {.quantized = quantized.prune({run.info.image}, {run.info.output}),
       .original = run.programs.at("float_test").prune({run.info.image}, {run.info.output}),
       .scope = run.scope,
       .feeds = {run.info.image},
       .fetches = {run.info.output}},
      batches);
  report["analysis"] = {{"images", analysis.images},
                        {"output_sqnr_db", or_null(analysis.output_sqnr_db)},
                        {"tensors", ordered_json::array()},
                        {"layers", ordered_json::array()}};
  for (const TensorAnalysis& tensor : analysis.tensors) {
    report["analysis"]["tensors"].push_back(tensor_json(tensor));
  }
  for (const LayerAnalysis& layer : analysis.layers) {
    report["analysis"]["layers"].push_back(layer_json(layer));
  }
}

}  // namespace intact::tools
