#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "intact/data/data_loader.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/runtime/executor.h"
#include "intact/train/learning_rate.h"
#include "intact/train/metrics.h"

namespace intact {

/// One finished iteration, as the callback sees it.
struct Iteration {
  int64_t index = 0;  // within the epoch, from 0
  int64_t count = 0;  // of the whole epoch
  double top1 = 0.0;
  double top5 = 0.0;
  double loss = 0.0;
  int64_t images = 0;    // of this batch
  double seconds = 0.0;  // of this iteration, with waiting for data
};

struct LoopOptions {
  /// Names of the scalars a loop fetches; an empty one is not fetched and reported as 0.
  std::string top1 = {};
  std::string top5 = {};
  std::string loss = {};
  Scope* scope = &global_scope();
  std::function<void(const Iteration&)> on_iteration = {};
  /// When it becomes true the loop ends after the current iteration: Ctrl-C.
  const std::atomic<bool>* stop = nullptr;
  /// Batches of the epoch that are done already: resumes at a data cursor.
  int64_t first_iteration = 0;
  /// With a name and a schedule, train_epoch sets the rate before each step.
  LearningRateSchedule schedule = {};
  std::string learning_rate = {};  // Optimizer::learning_rate_name()
  int64_t first_step = 0;          // the schedule's step of first_iteration
};

struct EpochResult {
  Metrics metrics;
  int64_t next_iteration = 0;  // the cursor to resume at
  bool is_complete = false;    // false: stopped
};

/// Runs `program` on the rest of one epoch of `loader`.
/// When the loss is not finite: finds the first op that produced such a value, brings the Scope
/// back to where every tensor the program writes was last finite (parameters, optimizer state,
/// moving statistics, scales), and throws InvalidArgument naming the op and the iteration. The
/// loader's epoch has then begun; set_epoch() repeats it.
EpochResult train_epoch(Executor& executor,
                        const Program& program,
                        DataLoader& loader,
                        const LoopOptions& options);

/// Runs a clone_for_test `program` on one epoch of `loader`; changes nothing in the Scope.
EpochResult evaluate(Executor& executor,
                     const Program& program,
                     DataLoader& loader,
                     const LoopOptions& options);

/// evaluate() of a quantized `program` as its integer program: deployment_form() on IntegerModel,
/// what ships. Throws: Unsupported when it has none.
EpochResult evaluate_integers(const Program& program,
                              DataLoader& loader,
                              const LoopOptions& options);

}  // namespace intact
