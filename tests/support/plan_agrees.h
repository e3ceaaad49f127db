#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/runtime/executor.h"

namespace intact {

/// A Program with what it takes to run it some steps.
struct TestProgram {
  Program main;
  Program startup;
  std::vector<std::string> fetches;
  std::vector<TensorMap> batches;   // one a step
  std::optional<Scope> scope = {};  // in place of what `startup` makes
};

/// Builds a Program in a fresh guard. `build` appends the layers and returns what to fetch.
TestProgram make_test_program(const std::function<std::vector<Var*>()>& build,
                              std::vector<TensorMap> batches);

/// Appends backward of `loss` and a momentum op (rate 0.1, mu 0.9) for each parameter.
void append_momentum(Var& loss);

/// What a run starts from: a copy of program.scope, or else what the startup program makes.
Scope initial_scope(const TestProgram& program);

/// Runs the steps with Executor and with interpret() on copies of the initial scope and EXPECTs
/// equal fetches at each step and an equal Scope at the end: floats |a-b| <= tolerance*(1+|b|),
/// the rest ==.
void expect_plan_agrees(const TestProgram& program,
                        double tolerance,
                        const ExecutorOptions& options = {});

/// The fetches of every step, then the Scope's tensors.
std::vector<Tensor> run_steps(const TestProgram& program,
                              Scope& scope,
                              const ExecutorOptions& options = {});

}  // namespace intact
