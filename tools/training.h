#pragma once

#include <map>
#include <string>

#include "command.h"
#include "dataset.h"
#include "intact/train/loops.h"
#include "intact/train/run_directory.h"

namespace intact::tools {

/// What train and quantize share: run the rest of the epochs, evaluate, save, report.
struct TrainingJob {
  std::string command;  // "train" or "quantize", for the report and the progress
  std::string data;
  std::string out;
  std::string history;      // directory of the run it goes on from, for its curves; "": none
  std::string tensorboard;  // directory for event files; "": none
  CommonOptions common;
};

void add_tensorboard_option(CLI::App& command, TrainingJob& job);

/// Trains `run` from its data cursor to its last epoch, saves it to job.out, evaluates it and
/// reports. Ctrl-C ends after the current iteration: saves and returns kInterrupted. A loss that is
/// not finite saves the last good state and throws.
int train_and_report(const TrainingJob& job, SavedRun& run);

/// What evaluates a program: float arithmetic, or the integer program of a quantized one.
enum class Arithmetic { Float, Integer };
const char* to_string(Arithmetic arithmetic);

/// What is right for a program of ours: integers when it is quantized and has an integer form.
Arithmetic arithmetic_of(const Program& program, const Scope& scope, const LoopOptions& names);

/// One pass over the test images with the run's "test" program; progress on standard error.
Metrics evaluate_run(SavedRun& run,
                     const std::string& data,
                     const std::string& title,
                     Arithmetic arithmetic);
/// The same for any program.
Metrics evaluate_program(const Program& program,
                         Scope& scope,
                         const LoopOptions& names,
                         DataLoader& loader,
                         const std::string& title,
                         Arithmetic arithmetic);

/// Fetch names of a saved run.
LoopOptions loop_names(SavedRun& run);

/// top1, top5, loss, images, seconds.
nlohmann::ordered_json to_json(const Metrics& metrics);
std::string to_text(const Metrics& metrics);

/// Largest resident set of this process so far.
uint64_t peak_memory_bytes();

}  // namespace intact::tools
