#include "model_accuracy.h"

#include "base/check.h"
#include "intact/nn/accuracy.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/program_guard.h"

namespace intact::tools {

bool ends_in_softmax(const Var& output) {
  const Op* producer = output.producer();
  return producer != nullptr && producer->type() == "softmax";
}

int64_t class_count_of(const InferenceModel& model, const std::string& path) {
  check(model.feeds.size() == 1 && model.fetches.size() == 1,
        "{}: is fed {} and gives {}, but accuracy needs one image and one output; use `intact run`",
        path,
        model.feeds,
        model.fetches);
  const Shape& output = model.program.var(model.fetches.front()).shape();
  check(output.rank() == 2,
        "{}: its output '{}' has shape {} but accuracy needs [N, classes]; use `intact run` for "
        "other models",
        path,
        model.fetches.front(),
        output.to_string());
  return output[1];
}

MeasuredModel with_metrics(const InferenceModel& model) {
  MeasuredModel measured{.program = model.program.clone(), .names = {}};
  Program startup;
  ProgramGuard guard(measured.program, startup);
  Var& output = measured.program.var(model.fetches.front());
  Var& label = nn::data("label", {-1, 1}, DType::Int64);
  const auto classes = static_cast<int>(output.shape()[1]);
  measured.names = {
      .top1 = nn::accuracy(output, label, 1).name(),
      .top5 = nn::accuracy(output, label, std::min(5, classes)).name(),
      .loss = nn::cross_entropy(output, label, {.use_softmax = !ends_in_softmax(output)}).name()};
  return measured;
}

Metrics measure(InferenceModel& model,
                const ImageData& data,
                int64_t batch_size,
                const std::string& title,
                Arithmetic arithmetic) {
  const MeasuredModel measured = with_metrics(model);
  DataLoader loader(*data.dataset,
                    {.batch_size = batch_size, .feed_list = {model.feeds.front(), "label"}});
  return evaluate_program(measured.program, model.scope, measured.names, loader, title, arithmetic);
}

}  // namespace intact::tools
