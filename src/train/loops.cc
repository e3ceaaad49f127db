#include "intact/train/loops.h"

#include <chrono>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "intact/passes/deployment_form.h"
#include "intact/runtime/integer_model.h"
#include "train/rollback.h"

namespace intact {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The scalars one loop fetches, by role.
class Fetches {
 public:
  explicit Fetches(const LoopOptions& options)
      : top1_(add(options.top1)), top5_(add(options.top5)), loss_(add(options.loss)) {}

  const std::vector<std::string>& names() const { return names_; }

  void read(const std::vector<Tensor>& values, Iteration& iteration) const {
    iteration.top1 = scalar(values, top1_);
    iteration.top5 = scalar(values, top5_);
    iteration.loss = scalar(values, loss_);
  }

 private:
  std::optional<size_t> add(const std::string& name) {
    if (name.empty()) {
      return std::nullopt;
    }
    names_.push_back(name);
    return names_.size() - 1;
  }

  double scalar(const std::vector<Tensor>& values, std::optional<size_t> index) const {
    if (!index) {
      return 0.0;
    }
    const Tensor& value = values[*index];
    check(value.numel() == 1,
          "loop: fetch '{}' has shape {} but must be one element; fetch a mean",
          names_[*index],
          value.shape().to_string());
    return static_cast<double>(value.values<float>()[0]);
  }

  std::vector<std::string> names_;  // first: the members below are filled through it
  std::optional<size_t> top1_;
  std::optional<size_t> top5_;
  std::optional<size_t> loss_;
};

int64_t batch_images(const TensorMap& batch) {
  return batch.empty() || batch.begin()->second.shape().rank() == 0
             ? 0
             : batch.begin()->second.shape()[0];
}

struct Hooks {
  std::function<void(int64_t index)> before = [](int64_t) {};
  std::function<void(const Iteration&)> after = [](const Iteration&) {};
};

/// Runs one batch and returns the fetches.
using Runner = std::function<std::vector<Tensor>(const TensorMap& batch,
                                                 const std::vector<std::string>& fetches)>;

Runner runner_of(Executor& executor, const Program& program, Scope& scope) {
  return [&](const TensorMap& batch, const std::vector<std::string>& fetches) {
    return executor.run(program, batch, fetches, scope);
  };
}

/// What training and evaluation share: one pass, fetching, averaging, reporting, stopping.
EpochResult run_epoch(const Runner& run,
                      DataLoader& loader,
                      const LoopOptions& options,
                      const Hooks& hooks) {
  const Fetches fetches(options);
  const Clock::time_point start = Clock::now();
  Clock::time_point iteration_start = start;
  MetricsSum sum;
  EpochResult result{.next_iteration = options.first_iteration, .is_complete = true};
  if (options.first_iteration > 0) {
    loader.skip(options.first_iteration);
  }
  for (const TensorMap& batch : loader) {
    Iteration iteration{.index = result.next_iteration, .count = loader.batch_count()};
    hooks.before(iteration.index);
    fetches.read(run(batch, fetches.names()), iteration);
    hooks.after(iteration);
    iteration.images = batch_images(batch);
    iteration.seconds = seconds_since(iteration_start);
    iteration_start = Clock::now();
    sum.add(iteration.top1, iteration.top5, iteration.loss, iteration.images);
    ++result.next_iteration;
    if (options.on_iteration) {
      options.on_iteration(iteration);
    }
    if (options.stop != nullptr && *options.stop) {
      result.is_complete = result.next_iteration >= iteration.count;
      break;
    }
  }
  result.metrics = sum.mean();
  result.metrics.seconds = seconds_since(start);
  return result;
}

}  // namespace

EpochResult train_epoch(Executor& executor,
                        const Program& program,
                        DataLoader& loader,
                        const LoopOptions& options) {
  const DataLoader epoch_start = loader;
  Rollback rollback(program, *options.scope, options.loss);
  const auto set_rate = [&](int64_t index) {
    if (options.schedule && !options.learning_rate.empty()) {
      const int64_t step = options.first_step + index - options.first_iteration;
      set_learning_rate(*options.scope, options.learning_rate, options.schedule(step));
    }
  };
  const auto give_up = [&](int64_t last) {
    DataLoader replay = epoch_start;
    const Rollback::Failure failure = rollback.restore(executor, replay, last, set_rate);
    fail(ErrorCode::InvalidArgument,
         "train_epoch: iteration {} gives values that are not finite, first {}; the parameters are "
         "those before it, lower the learning rate or check the data",
         failure.iteration,
         failure.op.empty() ? "in a fused step that the plain ops do not confirm" : failure.op);
  };
  const Hooks hooks = {.before =
                           [&](int64_t index) {
                             if (!rollback.before_iteration(index, executor.run_index())) {
                               give_up(index - 1);
                             }
                             set_rate(index);
                           },
                       .after =
                           [&](const Iteration& iteration) {
                             if (!std::isfinite(iteration.loss)) {
                               give_up(iteration.index);
                             }
                           }};
  const EpochResult result =
      run_epoch(runner_of(executor, program, *options.scope), loader, options, hooks);
  if (!rollback.is_state_finite()) {
    give_up(result.next_iteration - 1);
  }
  return result;
}

EpochResult evaluate(Executor& executor,
                     const Program& program,
                     DataLoader& loader,
                     const LoopOptions& options) {
  return run_epoch(runner_of(executor, program, *options.scope), loader, options, {});
}

EpochResult evaluate_integers(const Program& program,
                              DataLoader& loader,
                              const LoopOptions& options) {
  const std::vector<std::string> names = Fetches(options).names();
  const DeploymentForm form = deployment_form(program, *options.scope, names);
  std::vector<std::string> feeds;
  for (const Var* var : form.program.block().vars()) {
    if (var->is_data() && !var->consumers().empty()) {
      feeds.push_back(var->name());
    }
  }
  IntegerSession session(IntegerModel::compile(form.program, form.scope, feeds, names));
  const Runner run = [&](const TensorMap& batch, const std::vector<std::string>&) {
    return session.run(batch);
  };
  return run_epoch(run, loader, options, {});
}

}  // namespace intact
