#include <optional>

#include "base/check.h"
#include "comparison.h"
#include "dataset.h"
#include "report_parts.h"

namespace intact::tools {
namespace {

using nlohmann::ordered_json;

/// Rows: labels, columns: predictions.
ordered_json confusion_json(const std::vector<int64_t>& labels,
                            const std::vector<int64_t>& predictions,
                            int64_t classes) {
  const auto size = static_cast<size_t>(classes);
  std::vector<std::vector<int64_t>> counts(size, std::vector<int64_t>(size, 0));
  for (size_t i = 0; i < labels.size(); ++i) {
    ++counts[static_cast<size_t>(labels[i])][static_cast<size_t>(predictions[i])];
  }
  return counts;
}

ordered_json comparison_json(const Comparison& comparison,
                             const std::string& a,
                             const std::string& b) {
  ordered_json json = {{"a", a}, {"b", b}};
  json.update(to_json(comparison));
  json["differing"] = comparison.disagreements.size();
  for (size_t i = 0; i < comparison.disagreements.size(); ++i) {
    json["disagreements"][i]["picture"] = comparison.disagreements[i].picture;
  }
  return json;
}

}  // namespace

void add_predictions(const ReportSources& sources, const SavedRun& run, ordered_json& report) {
  const bool has_original = run.programs.contains("float_test");
  const bool is_compared = has_original || !sources.against.empty();
  ModelRunner runner(deployed_or_as_it_is(model_of(run, "test")));
  std::optional<ModelRunner> other;
  if (is_compared) {
    other.emplace(sources.against.empty()
                      ? model_of(run, "float_test")
                      : deployed_or_as_it_is(load_run_or_model(sources.against)));
    check(other->model().feeds.size() == 1,
          "--against: {} is fed {}, but a report needs one image",
          sources.against,
          other->model().feeds);
  }
  const ImageData images = open_images({.directory = sources.data,
                                        .mode = Mode::Test,
                                        .limit = sources.limit,
                                        .batch_size = run.info.batch_size,
                                        .class_count = run.info.class_dim});
  Comparison comparison;
  std::vector<int64_t> labels;
  std::vector<int64_t> predictions;
  for (const TensorMap& batch : *images.loader) {
    const std::vector<int64_t> ours = predict(runner, batch.at("image"));
    const auto truth = batch.at("label").values<int64_t>();
    labels.insert(labels.end(), truth.begin(), truth.end());
    predictions.insert(predictions.end(), ours.begin(), ours.end());
    if (other) {
      comparison.add(batch, predict(*other, batch.at("image")), ours, true);
    }
  }
  int64_t correct = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    correct += labels[i] == predictions[i] ? 1 : 0;
  }
  report["result"] = {{"engine", runner.engine()},
                      {"images", labels.size()},
                      {"correct", correct},
                      {"top1", static_cast<double>(correct) / static_cast<double>(labels.size())},
                      {"confusion", confusion_json(labels, predictions, run.info.class_dim)}};
  if (other) {
    const std::string what = sources.against.empty() ? "same weights in float" : sources.against;
    report["comparison"] = comparison_json(comparison, what, sources.run);
  }
}

}  // namespace intact::tools
