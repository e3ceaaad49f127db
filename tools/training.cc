#include "training.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "base/check.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/exact_steps.h"
#include "intact/train/history.h"
#include "interrupt.h"
#include "progress.h"
#include "quant_options.h"
#include "settings.h"
#include "tensorboard.h"

namespace intact::tools {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::map<std::string, const Program*> program_pointers(const SavedRun& run) {
  std::map<std::string, const Program*> programs;
  for (const auto& [role, program] : run.programs) {
    programs.emplace(role, &program);
  }
  return programs;
}

struct TrainingResult {
  TrainingHistory history;
  std::optional<TrainingEvents> events;
  int64_t images = 0;
  double seconds = 0;
  bool is_complete = true;
};

void save(const TrainingJob& job, const SavedRun& run, const TrainingHistory& history) {
  RunDirectory(job.out).save(run.info, program_pointers(run), run.scope);
  history.save(job.out);
}

std::string phase_name(const SavedRun& run) {
  return run.info.config.contains(kQuantConfigKey) ? "quantize" : "train";
}

/// Of the last phase.
nlohmann::ordered_json points_json(const TrainingHistory& history) {
  nlohmann::ordered_json points = nlohmann::ordered_json::array();
  for (const HistoryPoint& point : history.phases().back().points) {
    points.push_back({{"iteration", point.iteration},
                      {"loss", point.loss},
                      {"top1", point.top1},
                      {"learning_rate", point.learning_rate},
                      {"images_per_second", point.images_per_second}});
  }
  return points;
}

/// Advances run.info' data cursor.
void train_epochs(const TrainingJob& job, SavedRun& run, TrainingResult& result) {
  auto& state = run.info;
  const Settings settings = Settings::from_config(state.config);
  ImageData data = open_images({.directory = job.data,
                                .mode = Mode::Train,
                                .limit = settings.limit,
                                .batch_size = state.batch_size,
                                .class_count = state.class_dim,
                                .seed = state.seed});
  DataLoader& loader = *data.loader;
  const int64_t batches = loader.batch_count();
  const int64_t steps = batches * state.epochs;
  Executor executor;
  executor.set_run_index(state.run_index);
  LoopOptions loop = loop_names(run);
  loop.stop = &watch_interrupts();
  loop.learning_rate = state.learning_rate;
  loop.schedule = settings.schedule(steps);
  result.history = job.history.empty() ? TrainingHistory() : TrainingHistory::load(job.history);
  result.history.begin_phase(phase_name(run), state.epoch * batches + state.iteration);
  if (!job.tensorboard.empty()) {
    result.events.emplace(job.tensorboard + "/" + phase_name(run), run.programs.at("train"));
  }
  const auto start = std::chrono::steady_clock::now();
  for (; state.epoch < state.epochs && result.is_complete;
       state.epoch += result.is_complete ? 1 : 0) {
    Progress progress(fmt::format("{} epoch {}/{}", job.command, state.epoch + 1, state.epochs),
                      batches);
    loader.set_epoch(state.epoch);
    loop.first_iteration = state.iteration;
    loop.first_step = state.epoch * batches + state.iteration;
    loop.on_iteration = [&](const Iteration& done) {
      const int64_t step = state.epoch * batches + done.index;
      result.history.add(done, loop.schedule(step));
      if (result.events) {
        result.events->add(step + 1, done, loop.schedule(step), run.scope);
      }
      result.images += done.images;
      state.iteration = done.index + 1;
      state.run_index = executor.run_index();
      progress.update(done.index + 1,
                      fmt::format("loss {:.4f} top-1 {:.4f}", done.loss, done.top1));
    };
    const EpochResult epoch = train_epoch(executor, run.programs.at("train"), loader, loop);
    state.run_index = executor.run_index();
    result.is_complete = epoch.is_complete;
    state.iteration = epoch.is_complete ? 0 : epoch.next_iteration;
  }
  result.seconds = seconds_since(start);
}

void make_steps_exact(SavedRun& run) {
  const ExactSteps steps =
      choose_exact_steps(run.programs.at("test"), run.scope, {run.info.output});
  fmt::print(stderr,
             "exact steps: {} activations, {} channels of weights\n",
             steps.activations,
             steps.channels);
  if (!steps.inexact.empty()) {
    fmt::print(stderr,
               "warning: batch norm all but removes channels of {}; their steps are not exact\n",
               fmt::join(steps.inexact, ", "));
  }
}

}  // namespace

void add_tensorboard_option(CLI::App& command, TrainingJob& job) {
  command
      .add_option("--tensorboard",
                  job.tensorboard,
                  "Directory to write TensorBoard's event files in: curves and scales")
      ->type_name("DIR");
}

LoopOptions loop_names(SavedRun& run) {
  return {.top1 = run.info.top1, .top5 = run.info.top5, .loss = run.info.loss, .scope = &run.scope};
}

const char* to_string(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::Integer ? "integer" : "float";
}

Arithmetic arithmetic_of(const Program& program, const Scope& scope, const LoopOptions& names) {
  if (!is_quantized(program)) {
    return Arithmetic::Float;
  }
  try {
    deployment_form(program, scope, {names.top1});
    return Arithmetic::Integer;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Unsupported) {
      throw;
    }
    fmt::print(stderr, "evaluating in float: {}\n", error.what());
    return Arithmetic::Float;
  }
}

Metrics evaluate_program(const Program& program,
                         Scope& scope,
                         const LoopOptions& names,
                         DataLoader& loader,
                         const std::string& title,
                         Arithmetic arithmetic) {
  Executor executor;
  LoopOptions loop = names;
  loop.scope = &scope;
  Progress progress(title, loader.batch_count(), 1000000);
  loop.on_iteration = [&](const Iteration& done) { progress.update(done.index + 1, ""); };
  return arithmetic == Arithmetic::Integer ? evaluate_integers(program, loader, loop).metrics
                                           : evaluate(executor, program, loader, loop).metrics;
}

Metrics evaluate_run(SavedRun& run,
                     const std::string& data,
                     const std::string& title,
                     Arithmetic arithmetic) {
  const ImageData images = open_images({.directory = data,
                                        .mode = Mode::Test,
                                        .batch_size = run.info.batch_size,
                                        .class_count = run.info.class_dim});
  return evaluate_program(
      run.programs.at("test"), run.scope, loop_names(run), *images.loader, title, arithmetic);
}

int train_and_report(const TrainingJob& job, SavedRun& run) {
  const auto start = std::chrono::steady_clock::now();
  TrainingResult result;
  try {
    train_epochs(job, run, result);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::InvalidArgument && run.info.run_index > 0) {
      save(job, run, result.history);
      fmt::print(stderr, "{} holds the last good state\n", job.out);
    }
    throw;
  }
  if (result.is_complete && run.info.config.contains(kExactStepsKey)) {
    make_steps_exact(run);
  }
  save(job, run, result.history);
  if (!result.is_complete) {
    fmt::print(
        stderr, "interrupted; `intact train --resume {} --data {}` goes on\n", job.out, job.data);
    return kInterrupted;
  }
  const Arithmetic arithmetic = arithmetic_of(run.programs.at("test"), run.scope, loop_names(run));
  const Metrics metrics = evaluate_run(run, job.data, "test", arithmetic);
  result.history.finish_phase(metrics, to_string(arithmetic));
  result.history.save(job.out);
  if (result.events) {
    result.events->finish(result.history.phases().back().iterations, metrics);
  }
  nlohmann::ordered_json report = {
      {"command", job.command}, {"model", run.info.model}, {"arithmetic", to_string(arithmetic)}};
  report.update(to_json(metrics));
  report["seconds"] = seconds_since(start);
  report["train_images"] = result.images;
  report["train_seconds"] = result.seconds;
  report["test_seconds"] = metrics.seconds;
  report["peak_memory_bytes"] = peak_memory_bytes();
  report["history"] = points_json(result.history);
  job.common.report(report);
  fmt::print("{}  {}  ({}; {})\n",
             job.out,
             to_text(metrics),
             format_seconds(seconds_since(start)),
             format_bytes(peak_memory_bytes()));
  return kDone;
}

nlohmann::ordered_json to_json(const Metrics& metrics) {
  return {{"top1", metrics.top1},
          {"top5", metrics.top5},
          {"loss", metrics.loss},
          {"images", metrics.images},
          {"seconds", metrics.seconds}};
}

std::string to_text(const Metrics& metrics) {
  return fmt::format("top-1 {:.4f}  top-5 {:.4f}  loss {:.4f}  on {} images",
                     metrics.top1,
                     metrics.top5,
                     metrics.loss,
                     metrics.images);
}

uint64_t peak_memory_bytes() {
  // getrusage would count what a parent held before it started this command.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::stoull(line.substr(6)) * 1024;  // "VmHWM:     91234 kB"
    }
  }
  return 0;
}

}  // namespace intact::tools
