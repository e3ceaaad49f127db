#pragma once

#include <string>

#include "dataset.h"
#include "intact/interop/inference_model.h"
#include "training.h"

namespace intact::tools {

/// True when the output already holds probabilities, so that the loss must not apply softmax again.
bool ends_in_softmax(const Var& output);

/// The one image a model is fed and the classes of its one output. `path` starts the message.
/// Throws: InvalidArgument for other models.
int64_t class_count_of(const InferenceModel& model, const std::string& path);

/// Adds label, loss and accuracies to a copy of a model that only has its output.
struct MeasuredModel {
  Program program;
  LoopOptions names;
};
MeasuredModel with_metrics(const InferenceModel& model);

/// Accuracy on the images of `data`, every one of them.
Metrics measure(InferenceModel& model,
                const ImageData& data,
                int64_t batch_size,
                const std::string& title,
                Arithmetic arithmetic);

}  // namespace intact::tools
