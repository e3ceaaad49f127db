// intact train: builds a model of the zoo and trains it, or goes on with a saved run.
#include <fmt/format.h>

#include <optional>

#include "base/check.h"
#include "command.h"
#include "intact/nn/accuracy.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/models/registry.h"
#include "intact/nn/program_guard.h"
#include "settings.h"
#include "training.h"

namespace intact::tools {
namespace {

struct TrainCommand {
  TrainingJob job = {.command = "train"};
  std::string model = "mobilenet_v1";
  int class_dim = 10;
  float scale = 1.0f;
  bool softmax_output = false;
  int64_t epochs = 1;
  int64_t batch_size = 64;
  Settings settings;
  std::string resume;
};

/// The training program, its startup program, and the same network for evaluation.
SavedRun build_run(const TrainCommand& command, int64_t height, int64_t width) {
  SavedRun run;
  Program train;
  Program startup;
  train.set_random_seed(command.job.common.seed);
  startup.set_random_seed(command.job.common.seed);
  ProgramGuard guard(train, startup);
  Var& image = nn::data("image", {-1, 1, height, width});
  Var& label = nn::data("label", {-1, 1}, DType::Int64);
  Var& output = nn::build_model(command.model,
                                image,
                                {.class_dim = command.class_dim,
                                 .scale = command.scale,
                                 .softmax_output = command.softmax_output});
  Var& loss = nn::cross_entropy(output, label);
  Var& top1 = nn::accuracy(output, label, 1);
  Var& top5 = nn::accuracy(output, label, std::min(5, command.class_dim));
  Program test = train.clone_for_test();
  const std::unique_ptr<Optimizer> optimizer = command.settings.make_optimizer();
  optimizer->minimize(loss);

  run.info.model = command.model;
  run.info.class_dim = command.class_dim;
  run.info.scale = command.scale;
  run.info.softmax_output = command.softmax_output;
  run.info.batch_size = command.batch_size;
  run.info.seed = command.job.common.seed;
  run.info.epochs = command.epochs;
  run.info.output = output.name();
  run.info.top1 = top1.name();
  run.info.top5 = top5.name();
  run.info.loss = loss.name();
  run.info.learning_rate = optimizer->learning_rate_name();
  run.info.config = command.settings.to_config();
  Executor().run(startup, {}, {}, run.scope);
  run.programs.emplace("train", std::move(train));
  run.programs.emplace("test", std::move(test));
  return run;
}

int train(TrainCommand command) {
  command.job.common.apply();
  if (!command.resume.empty()) {
    SavedRun run = RunDirectory(command.resume).load();
    command.job.out = command.job.out.empty() ? command.resume : command.job.out;
    command.job.history = command.resume;
    return train_and_report(command.job, run);
  }
  check(!command.job.out.empty(),
        "--out: no directory was given; say where the run is to be saved");
  command.settings.schedule(1);  // checks it before any work
  const ImageData data = open_images({.directory = command.job.data,
                                      .mode = Mode::Train,
                                      .batch_size = command.batch_size,
                                      .class_count = command.class_dim});
  SavedRun run = build_run(command, data.height, data.width);
  return train_and_report(command.job, run);
}

void add_model_options(CLI::App& sub, TrainCommand& command) {
  sub.add_option("--model", command.model, "A model of `intact list-models`")
      ->capture_default_str();
  sub.add_option("--class-dim", command.class_dim, "Number of classes")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub.add_option("--scale", command.scale, "Multiplies the channels of MobileNets")
      ->check(CLI::Range(0.01, 16.0))
      ->capture_default_str();
  sub.add_flag("--softmax-output",
               command.softmax_output,
               "End the network in softmax, as the literal zoo model does, and so apply it twice");
}

void add_optimizer_options(CLI::App& sub, Settings& settings) {
  sub.add_option("--optimizer", settings.optimizer, "momentum, sgd or adam")->capture_default_str();
  sub.add_option("--learning-rate", settings.learning_rate, "Learning rate")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub.add_option("--momentum", settings.momentum, "Momentum of --optimizer momentum")
      ->capture_default_str();
  sub.add_flag("--nesterov", settings.use_nesterov, "Nesterov's momentum");
  sub.add_option("--weight-decay", settings.weight_decay, "L2 decay added to gradients")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub.add_option("--schedule",
                 settings.learning_rate_schedule,
                 "Learning rate over steps: constant, cosine or piecewise")
      ->capture_default_str();
  sub.add_option("--boundaries", settings.boundaries, "Steps where a piecewise rate changes")
      ->delimiter(',');
  sub.add_option("--rates", settings.rates, "Rates between the boundaries, one more of them")
      ->delimiter(',');
  sub.add_option("--warm-up-steps", settings.warm_up_steps, "Steps of linear warm-up from 0")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

}  // namespace

void add_train_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<TrainCommand>();
  CLI::App* sub = app.add_subcommand("train", "Train a model, or go on with a saved run");
  add_model_options(*sub, *command);
  sub->add_option(
         "--data", command->job.data, "Directory of IDX files under MNIST's names, raw or gzipped")
      ->required();
  sub->add_option("--epochs", command->epochs, "Passes over the training images")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_option("--batch-size", command->batch_size, "Images a step")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  add_optimizer_options(*sub, command->settings);
  sub->add_option(
         "--limit", command->settings.limit, "Train on the first so many images; 0 means all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--out", command->job.out, "Directory to save the run in");
  sub->add_option("--resume",
                  command->resume,
                  "A saved run to go on with; its options are used, --data is needed");
  add_tensorboard_option(*sub, command->job);
  add_common_options(*sub, command->job.common);
  sub->callback([command, &action] { action = [command] { return train(*command); }; });
}

}  // namespace intact::tools
