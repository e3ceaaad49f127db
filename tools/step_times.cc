#include "step_times.h"

#include <algorithm>

#include "intact/passes/deployment_form.h"
#include "intact/runtime/executor.h"
#include "intact/runtime/integer_model.h"

namespace intact::tools {
namespace {

constexpr int kWarmUpRuns = 2;

/// times(): the sums so far, one entry a step, the same entries on every call after a run.
template <class Run, class Times>
std::vector<StepTime> time_runs(int runs, const Run& run, const Times& times) {
  for (int i = 0; i < kWarmUpRuns; ++i) {
    run();
  }
  std::vector<StepTime> before = times();
  std::vector<StepTime> result = before;
  std::vector<std::vector<double>> ms(result.size());
  for (int i = 0; i < runs; ++i) {
    run();
    const std::vector<StepTime> after = times();
    for (size_t step = 0; step < result.size(); ++step) {
      ms[step].push_back(after[step].ms - before[step].ms);
    }
    before = after;
  }
  for (size_t step = 0; step < result.size(); ++step) {
    const auto middle = ms[step].begin() + runs / 2;
    std::nth_element(ms[step].begin(), middle, ms[step].end());
    result[step].ms = *middle;
  }
  return result;
}

std::vector<StepTime> time_integers(const InferenceModel& model, const TensorMap& feeds, int runs) {
  IntegerSession session(
      IntegerModel::compile(model.program, model.scope, model.feeds, model.fetches),
      {.profile = true});
  return time_runs(
      runs,
      [&] { session.run(feeds); },
      [&] {
        std::vector<StepTime> times;
        for (const IntegerStepTime& step : session.times()) {
          times.push_back({step.op, step.kernel, step.seconds * 1e3});
        }
        return times;
      });
}

std::vector<StepTime> time_floats(const InferenceModel& model, const TensorMap& feeds, int runs) {
  Executor executor(CpuPlace{}, {.profile = true});
  Scope scope = model.scope.clone();
  return time_runs(
      runs,
      [&] { executor.run(model.program, feeds, model.fetches, scope); },
      [&] {
        std::vector<StepTime> times;
        for (const ProfileRow& row : executor.profile()) {
          times.push_back({row.name, row.kernel, row.seconds * 1e3});
        }
        return times;
      });
}

}  // namespace

std::vector<StepTime> time_steps(const InferenceModel& model, const TensorMap& feeds, int runs) {
  return is_quantized(model.program) ? time_integers(model, feeds, runs)
                                     : time_floats(model, feeds, runs);
}

}  // namespace intact::tools
