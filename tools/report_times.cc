#include "certificate.h"
#include "dataset.h"
#include "intact/base/threads.h"
#include "model_runner.h"
#include "report_parts.h"
#include "step_times.h"

namespace intact::tools {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kBatch = 64;
constexpr int kRuns = 20;

/// "conv2d" of "conv2d 'conv1.tmp_0'".
std::string type_of(const std::string& label) {
  return label.substr(0, label.find(' '));
}

ordered_json steps_json(const std::vector<StepTime>& steps) {
  double total = 0;
  for (const StepTime& step : steps) {
    total += step.ms;
  }
  ordered_json json = {{"total_ms", total}, {"steps", ordered_json::array()}};
  for (const StepTime& step : steps) {
    json["steps"].push_back({{"op", step.op},
                             {"type", type_of(step.op)},
                             {"kernel", step.kernel},
                             {"ms", step.ms},
                             {"share", total > 0 ? step.ms / total : 0}});
  }
  return json;
}

/// One batch through the network as it ships, and through its float original.
ordered_json time_inference(const ReportSources& sources, const SavedRun& run) {
  const ImageData images = open_images({.directory = sources.data,
                                        .mode = Mode::Test,
                                        .limit = kBatch,
                                        .batch_size = kBatch,
                                        .class_count = run.info.class_dim});
  const DataLoader::Iterator first = images.loader->begin();
  const Tensor& pixels = first->at("image");
  const TensorMap feeds = {{run.info.image, pixels}};
  const bool is_quantized_run = run.programs.contains("float_test");
  ordered_json json = {{"batch_size", pixels.shape()[0]},
                       {"runs", kRuns},
                       {"threads", thread_count()},
                       {"cpu", cpu_name()},
                       {"integer", nullptr},
                       {"speedup", nullptr}};
  json["float"] =
      steps_json(time_steps(model_of(run, is_quantized_run ? "float_test" : "test"), feeds, kRuns));
  if (is_quantized_run) {
    const InferenceModel model = deployed_or_as_it_is(model_of(run, "test"));
    if (!quantized_tensors(model.program).empty()) {
      json["integer"] = steps_json(time_steps(model, feeds, kRuns));
      json["speedup"] =
          json["float"]["total_ms"].get<double>() / json["integer"]["total_ms"].get<double>();
    }
  }
  return json;
}

/// Puts the times of steps that have a layer's name beside its other numbers.
void add_times_to_layers(ordered_json& report) {
  if (report["analysis"].is_null()) {
    return;
  }
  for (const char* which : {"float", "integer"}) {
    if (report["time"][which].is_null()) {
      continue;
    }
    for (const ordered_json& step : report["time"][which]["steps"]) {
      for (ordered_json& layer : report["analysis"]["layers"]) {
        if (layer["op"] == step["op"]) {
          layer[std::string(which) + "_ms"] = step["ms"];
          layer[std::string(which) + "_share"] = step["share"];
        }
      }
    }
  }
}

}  // namespace

void add_times(const ReportSources& sources, const SavedRun& run, ordered_json& report) {
  report["time"] = time_inference(sources, run);
  add_times_to_layers(report);
}

}  // namespace intact::tools
