#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intact/ir/scope.h"

namespace intact {

/// Learning rate of a step, counted from 0 over the whole training. A pure function, so training
/// resumes by the step number alone; the loops write it into the Scope before each step.
using LearningRateSchedule = std::function<float(int64_t step)>;

LearningRateSchedule constant_rate(float rate);
/// rates[i] while step < boundaries[i], the last one after that.
/// Throws: InvalidArgument unless boundaries grow and there is one rate more.
LearningRateSchedule piecewise_rate(std::vector<int64_t> boundaries, std::vector<float> rates);
/// rate * (1 + cos(pi * step / steps)) / 2; 0 from step `steps` on.
/// Source: Loshchilov and Hutter 2017.
LearningRateSchedule cosine_rate(float rate, int64_t steps);
/// From start to end in a line over `steps` steps, then `after` counted from there.
LearningRateSchedule linear_warm_up(float start,
                                    float end,
                                    int64_t steps,
                                    LearningRateSchedule after);

/// Writes the scalar `name` of an Optimizer. Throws: NotFound when startup has not run.
void set_learning_rate(Scope& scope, const std::string& name, float rate);

}  // namespace intact
