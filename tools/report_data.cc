#include "report_data.h"

#include <fmt/format.h>

#include "intact/train/history.h"
#include "model_runner.h"
#include "quant_options.h"
#include "report_parts.h"

namespace intact::tools {
namespace {

using nlohmann::ordered_json;

template <class Member>
ordered_json column(const std::vector<HistoryPoint>& points, Member member) {
  ordered_json values = ordered_json::array();
  for (const HistoryPoint& point : points) {
    values.push_back(point.*member);
  }
  return values;
}

ordered_json phases_json(const TrainingHistory& history) {
  ordered_json json = ordered_json::array();
  for (const HistoryPhase& phase : history.phases()) {
    ordered_json entry = {
        {"name", phase.name},
        {"iterations", phase.iterations},
        {"iteration", column(phase.points, &HistoryPoint::iteration)},
        {"loss", column(phase.points, &HistoryPoint::loss)},
        {"top1", column(phase.points, &HistoryPoint::top1)},
        {"learning_rate", column(phase.points, &HistoryPoint::learning_rate)},
        {"images_per_second", column(phase.points, &HistoryPoint::images_per_second)},
        {"test", nullptr}};
    if (phase.test) {
      entry["test"] = {{"top1", phase.test->top1},
                       {"top5", phase.test->top5},
                       {"loss", phase.test->loss},
                       {"images", phase.test->images},
                       {"arithmetic", phase.arithmetic}};
    }
    json.push_back(std::move(entry));
  }
  return json;
}

ordered_json run_json(const std::string& path, const RunInfo& info) {
  ordered_json json = {{"path", path},
                       {"model", info.model},
                       {"classes", info.class_dim},
                       {"batch_size", info.batch_size},
                       {"seed", info.seed},
                       {"config", ordered_json::object()}};
  for (const auto& [key, value] : info.config) {
    if (key != kQuantConfigKey) {
      json["config"][key] = value;
    }
  }
  const auto quantization = info.config.find(kQuantConfigKey);
  json["quantization"] = quantization == info.config.end()
                             ? ordered_json(nullptr)
                             : ordered_json::parse(quantization->second);
  return json;
}

}  // namespace

InferenceModel model_of(const SavedRun& run, const std::string& role) {
  return {.program = run.programs.at(role).prune({run.info.image}, {run.info.output}),
          .feeds = {run.info.image},
          .fetches = {run.info.output},
          .scope = run.scope.clone()};
}

InferenceModel deployed_or_as_it_is(InferenceModel model) {
  try {
    return deployed({.program = model.program.clone(),
                     .feeds = model.feeds,
                     .fetches = model.fetches,
                     .scope = model.scope.clone()});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Unsupported) {
      throw;
    }
    fmt::print(stderr, "simulated in float: {}\n", error.what());
    return model;
  }
}

ordered_json collect_report(const ReportSources& sources) {
  const SavedRun run = RunDirectory(sources.run).load();
  ordered_json report = {{"format", 1},
                         {"version", INTACT_VERSION},
                         {"run", run_json(sources.run, run.info)},
                         {"phases", phases_json(TrainingHistory::load(sources.run))},
                         {"result", nullptr},
                         {"comparison", nullptr},
                         {"analysis", nullptr},
                         {"float_layers", nullptr},
                         {"time", nullptr},
                         {"certificate", nullptr}};
  add_analysis(sources, run, report);
  if (!sources.data.empty()) {
    add_predictions(sources, run, report);
    add_times(sources, run, report);
  }
  add_certificate(sources, report);
  return report;
}

}  // namespace intact::tools
