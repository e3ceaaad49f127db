// intact quantize: inserts fake quantization into a trained run and fine-tunes it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "calibration.h"
#include "command.h"
#include "intact/quant/quant_aware.h"
#include "quant_options.h"
#include "settings.h"
#include "training.h"

namespace intact::tools {
namespace {

struct QuantizeCommand {
  TrainingJob job = {.command = "quantize"};
  std::string run;
  int64_t epochs = 1;
  float learning_rate = -1.0f;  // negative: the run's own
  int64_t limit = 0;
  bool has_exact_steps = false;
  QuantOptions quant;
};

int quantize(const QuantizeCommand& command) {
  command.job.common.apply();
  const QuantConfig config = command.quant.parse();
  SavedRun run = RunDirectory(command.run).load();
  check(!run.info.config.contains(kQuantConfigKey),
        "{}: is quantized already; give a float run, or `intact train --resume` it",
        command.run);
  check(!command.has_exact_steps || config.is_portable(),
        "--exact-steps: is for --deploy portable, but --deploy is {}; give both or neither",
        to_string(config.deploy));
  Program& train = run.programs.at("train");
  Program& test = run.programs.at("test");
  QuantReport report;
  QuantAwareOptions options{.scope = &run.scope, .report = &report};
  if (config.quant_post_first) {
    options.calibration = calibration_batches({.directory = command.job.data,
                                               .batch_size = run.info.batch_size,
                                               .class_count = run.info.class_dim,
                                               .feed = run.info.image});
  }
  Program quant_train = quant_aware(train, CpuPlace{}, config, options);
  QuantConfig test_config = config;
  test_config.quant_post_first = false;  // the scales are in the Scope by now
  Program quant_test =
      quant_aware(test, CpuPlace{}, test_config, {.for_test = true, .scope = &run.scope});
  fmt::print(stderr,
             "quantized {} of {} ops; `intact inspect {}` says which and why\n",
             report.quantized_count(),
             report.ops.size(),
             command.job.out);
  for (const CoverageGap& gap : report.gaps) {
    fmt::print(stderr, "warning: {}\n", gap.to_text());
  }
  run.programs.insert_or_assign("float_test", std::move(test));
  run.programs.insert_or_assign("train", std::move(quant_train));
  run.programs.insert_or_assign("test", std::move(quant_test));

  Settings settings = Settings::from_config(run.info.config);
  settings.limit = command.limit;
  if (command.learning_rate >= 0) {
    settings.learning_rate = command.learning_rate;
  }
  run.info.config = settings.to_config();
  run.info.config[kQuantConfigKey] = to_json_text(config);
  if (command.has_exact_steps) {
    run.info.config[kExactStepsKey] = "true";
  }
  run.info.epochs = command.epochs;
  run.info.epoch = 0;
  run.info.iteration = 0;
  run.info.seed = command.job.common.seed;
  return train_and_report(command.job, run);
}

}  // namespace

void add_quantize_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<QuantizeCommand>();
  CLI::App* sub = app.add_subcommand(
      "quantize", "Insert fake quantization into a trained run and fine-tune it");
  sub->add_option("run", command->run, "Directory that `intact train` saved")->required();
  sub->add_option(
         "--data", command->job.data, "Directory of IDX files under MNIST's names, raw or gzipped")
      ->required();
  sub->add_option("--epochs", command->epochs, "Passes over the training images; 0 only inserts")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  sub->add_option(
         "--learning-rate", command->learning_rate, "Learning rate; the run's own when left out")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--limit", command->limit, "Train on the first so many images; 0 means all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--out", command->job.out, "Directory to save the quantized run in")->required();
  sub->add_flag("--exact-steps",
                command->has_exact_steps,
                "portable: after training, powers of two as steps of activations, and few bits in "
                "those of weights: runtimes that compute in float get the same integers");
  add_tensorboard_option(*sub, command->job);
  add_quant_options(*sub, command->quant);
  add_common_options(*sub, command->job.common);
  sub->callback([command, &action] {
    command->job.history = command->run;
    action = [command] { return quantize(*command); };
  });
}

}  // namespace intact::tools
