#include "support/plan_agrees.h"

#include <gtest/gtest.h>

#include "intact/autodiff/append_backward.h"
#include "intact/ir/interpret.h"
#include "intact/nn/program_guard.h"
#include "support/check_op.h"

namespace intact {

TestProgram make_test_program(const std::function<std::vector<Var*>()>& build,
                              std::vector<TensorMap> batches) {
  TestProgram program;
  const ProgramGuard guard(program.main, program.startup);
  for (const Var* var : build()) {
    program.fetches.push_back(var->name());
  }
  program.batches = std::move(batches);
  return program;
}

void append_momentum(Var& loss) {
  Block& block = loss.block();
  Program& startup = default_startup_program();
  const auto persistable = [&](const std::string& name, const Shape& shape, float value) -> Var& {
    Var& initial = startup.block().add_var(name, DType::Float32, shape, {.is_persistable = true});
    startup.block().append_op(
        {.type = "fill_constant",
         .outputs = {{"Out", {&initial}}},
         .attrs = {{"shape", Longs(shape.dims())}, {"dtype", int32_t{5}}, {"value", value}}});
    return block.add_var(name, DType::Float32, shape, {.is_persistable = true});
  };
  const std::vector<ParameterGradient> gradients = append_backward(loss);
  Var& rate = persistable("learning_rate_0", Shape{1}, 0.1f);
  for (const auto& [parameter, gradient] : gradients) {
    Var& velocity = persistable(parameter->name() + "_velocity_0", parameter->shape(), 0.0f);
    block.append_op({.type = "momentum",
                     .inputs = {{"Param", {parameter}},
                                {"Grad", {gradient}},
                                {"Velocity", {&velocity}},
                                {"LearningRate", {&rate}}},
                     .outputs = {{"ParamOut", {parameter}}, {"VelocityOut", {&velocity}}},
                     .attrs = {{"mu", 0.9f}, {"op_role", role::kOptimize}}});
  }
}

Scope initial_scope(const TestProgram& program) {
  if (program.scope.has_value()) {
    return program.scope->clone();
  }
  Scope scope;
  interpret(program.startup, {}, {}, scope);
  return scope;
}

std::vector<Tensor> run_steps(const TestProgram& program,
                              Scope& scope,
                              const ExecutorOptions& options) {
  Executor executor(CpuPlace{}, options);
  std::vector<Tensor> results;
  for (const TensorMap& batch : program.batches) {
    for (Tensor& fetched : executor.run(program.main, batch, program.fetches, scope)) {
      results.push_back(std::move(fetched));
    }
  }
  for (const std::string& name : scope.names()) {
    results.push_back(scope.get(name).clone());
  }
  return results;
}

void expect_plan_agrees(const TestProgram& program,
                        double tolerance,
                        const ExecutorOptions& options) {
  const Scope initial = initial_scope(program);
  Scope reference_scope = initial.clone();
  Scope plan_scope = initial.clone();
  const std::vector<Tensor> want =
      run_steps(program, reference_scope, ExecutorOptions{.use_reference = true});
  const std::vector<Tensor> got = run_steps(program, plan_scope, options);
  ASSERT_EQ(got.size(), want.size());
  const size_t fetched = program.batches.size() * program.fetches.size();
  const std::vector<std::string> names = plan_scope.names();
  EXPECT_EQ(names, reference_scope.names());
  for (size_t i = 0; i < want.size(); ++i) {
    const std::string what = i < fetched ? fmt::format("step {} fetch '{}'",
                                                       i / program.fetches.size(),
                                                       program.fetches[i % program.fetches.size()])
                                         : fmt::format("scope '{}'", names[i - fetched]);
    expect_close(got[i], want[i], tolerance, what);
  }
}

}  // namespace intact
