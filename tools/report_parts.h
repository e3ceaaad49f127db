#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "intact/interop/inference_model.h"
#include "intact/train/run_directory.h"
#include "report_data.h"

namespace intact::tools {

// What collect_report() is made of. Each part fills its own keys and leaves them null where the
// sources have nothing for it.

/// "result" and "comparison": what the network says of the test images.
void add_predictions(const ReportSources& sources,
                     const SavedRun& run,
                     nlohmann::ordered_json& report);
/// "analysis" and "float_layers": how weights and activations fall on their codes.
void add_analysis(const ReportSources& sources,
                  const SavedRun& run,
                  nlohmann::ordered_json& report);
/// "time": of each step of an inference, also beside the layers of "analysis".
void add_times(const ReportSources& sources, const SavedRun& run, nlohmann::ordered_json& report);
/// "certificate": the summary of what intact verify wrote.
void add_certificate(const ReportSources& sources, nlohmann::ordered_json& report);

/// A program of the run ("test", "float_test") with the run's own tensors.
InferenceModel model_of(const SavedRun& run, const std::string& role);
/// On integers where it has an integer form.
InferenceModel deployed_or_as_it_is(InferenceModel model);

}  // namespace intact::tools
