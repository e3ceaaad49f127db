#include "intact/runtime/executor.h"

#include <gtest/gtest.h>

#include <limits>

#include "intact/nn/activation.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/data.h"
#include "intact/nn/dropout.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "support/expect_error.h"
#include "support/plan_agrees.h"
#include "support/random_tensor.h"
#include "support/small_nets.h"

namespace intact {
namespace {

const float kInfinity = std::numeric_limits<float>::infinity();

/// y = relu(x * w) with a parameter w of two elements.
TestProgram tiny() {
  return make_test_program(
      [] {
        Var& x = nn::data("x", {-1, 2});
        Block& block = x.block();
        Var& w = block.add_var("w", DType::Float32, {2}, {.is_persistable = true});
        Var& product = block.add_var("product", DType::Float32, {-1, 2});
        block.append_op({.type = "elementwise_mul",
                         .inputs = {{"X", {&x}}, {"Y", {&w}}},
                         .outputs = {{"Out", {&product}}}});
        return std::vector<Var*>{&nn::relu(product)};
      },
      {{{"x", Tensor::from<float>({1, 2}, {1, -2})}}});
}

Scope scope_with(float a, float b) {
  Scope scope;
  scope.set("w", Tensor::from<float>({2}, {a, b}));
  return scope;
}

float first(const std::vector<Tensor>& results) {
  return results[0].data<float>()[0];
}

TEST(Executor, CompilesOncePerShapeFetchesAndVersion) {
  TestProgram program = tiny();
  Scope scope = scope_with(3, 4);
  Executor executor;
  const TensorMap one = program.batches[0];
  const TensorMap two = {{"x", Tensor(DType::Float32, {2, 2})}};
  executor.run(program.main, one, program.fetches, scope);
  executor.run(program.main, one, program.fetches, scope);
  EXPECT_EQ(executor.compile_count(), 1);
  executor.run(program.main, two, program.fetches, scope);
  executor.run(program.main, one, program.fetches, scope);
  EXPECT_EQ(executor.compile_count(), 2);
  executor.run(program.main, one, {"product"}, scope);
  EXPECT_EQ(executor.compile_count(), 3);
}

TEST(Executor, RunsTheProgramAsItIsNow) {
  TestProgram program = tiny();
  Scope scope = scope_with(3, 4);
  Executor executor;
  EXPECT_EQ(first(executor.run(program.main, program.batches[0], program.fetches, scope)), 3);
  Var& relu = program.main.var(program.fetches[0]);
  Var& twice = program.main.block().add_var("twice", DType::Float32, {-1, 2});
  program.main.block().append_op({.type = "scale",
                                  .inputs = {{"X", {&relu}}},
                                  .outputs = {{"Out", {&twice}}},
                                  .attrs = {{"scale", 2.0f}}});
  EXPECT_EQ(first(executor.run(program.main, program.batches[0], {"twice"}, scope)), 6);
  program.main.ops().back()->set_attr("scale", 5.0f);
  EXPECT_EQ(first(executor.run(program.main, program.batches[0], {"twice"}, scope)), 15);
}

TEST(Executor, KeepsScopesApart) {
  const TestProgram program = tiny();
  Scope a = scope_with(3, 4);
  Scope b = scope_with(7, 8);
  Executor executor;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(first(executor.run(program.main, program.batches[0], program.fetches, a)), 3);
    EXPECT_EQ(first(executor.run(program.main, program.batches[0], program.fetches, b)), 7);
  }
  EXPECT_EQ(executor.compile_count(), 2);
}

TEST(Executor, SeesReplacedTensors) {
  const TestProgram program = tiny();
  Scope scope = scope_with(3, 4);
  Executor executor;
  const auto run = [&] {
    return first(executor.run(program.main, program.batches[0], program.fetches, scope));
  };
  EXPECT_EQ(run(), 3);
  scope.set("w", Tensor::from<float>({2}, {5, 6}));
  EXPECT_EQ(run(), 5);
  scope.get("w") = Tensor::from<float>({2}, {9, 6});
  EXPECT_EQ(run(), 9);
  scope.erase("w");
  expect_error(ErrorCode::NotFound, {"scope: no tensor 'w'"}, run);
  scope.set("w", Tensor::from<float>({2}, {1, 6}));
  EXPECT_EQ(run(), 1);
  scope = scope_with(2, 2);
  EXPECT_EQ(run(), 2);
}

TEST(Executor, TellsWhatIsMissing) {
  const TestProgram program = tiny();
  Scope scope = scope_with(3, 4);
  Executor executor;
  expect_error(ErrorCode::InvalidArgument, {"'x'"}, [&] {
    executor.run(program.main, {}, program.fetches, scope);
  });
  expect_error(ErrorCode::InvalidArgument, {"[1,3]"}, [&] {
    executor.run(program.main, {{"x", Tensor(DType::Float32, {1, 3})}}, program.fetches, scope);
  });
  expect_error(ErrorCode::NotFound, {"nothing"}, [&] {
    executor.run(program.main, program.batches[0], {"nothing"}, scope);
  });
  expect_error(ErrorCode::InvalidArgument, {"no fusion is named 'batch_norm'"}, [] {
    Executor(CpuPlace{}, {.disabled_fusions = {"batch_norm"}});
  });
  expect_error(ErrorCode::Unsupported, {"CudaPlace(0)"}, [] { Executor executor(CudaPlace(0)); });
}

TEST(Executor, DoesNotTouchWhatItIsGivenOrGave) {
  const TestProgram program = tiny();
  Scope scope = scope_with(3, 4);
  Executor executor;
  const Tensor fed = program.batches[0].at("x").clone();
  const std::vector<Tensor> one =
      executor.run(program.main, program.batches[0], {program.fetches[0], "x", "w"}, scope);
  EXPECT_TRUE(program.batches[0].at("x").identical(fed));
  EXPECT_TRUE(one[1].identical(fed));
  scope.get("w").data<float>()[0] = 10;
  executor.run(program.main, program.batches[0], program.fetches, scope);
  EXPECT_EQ(one[0].data<float>()[0], 3);
  EXPECT_EQ(one[2].data<float>()[0], 3);
}

TEST(Executor, DrawsRandomNumbersFromTheRunIndex) {
  const TestProgram program = make_test_program(
      [] {
        Var& x = nn::data("x", {-1, 64});
        return std::vector<Var*>{&nn::dropout(x, {.probability = 0.5f})};
      },
      {{{"x", random_tensor({2, 64}, 1)}}});
  Scope scope;
  Executor executor;
  const auto run = [&] {
    return executor.run(program.main, program.batches[0], program.fetches, scope)[0];
  };
  const Tensor zero = run();
  const Tensor one = run();
  EXPECT_FALSE(zero.identical(one));
  EXPECT_EQ(executor.run_index(), 2u);
  executor.set_run_index(1);
  EXPECT_TRUE(run().identical(one));
}

TEST(Executor, GuardsParametersAgainstALossThatIsNotFinite) {
  const TestProgram program = small_net("mobile");
  const RunOptions guard{.guard_finite = program.fetches[0]};
  Scope scope = initial_scope(program);
  Executor executor;
  executor.run(program.main, program.batches[0], program.fetches, scope, guard);
  const Scope before = scope.clone();
  TensorMap bad = program.batches[1];
  bad["image"] = bad["image"].clone();
  bad["image"].data<float>()[5] = kInfinity;
  expect_error(ErrorCode::InvalidArgument,
               {"is not finite, first in conv2d 'conv2d_0.tmp_0'"},
               [&] { executor.run(program.main, bad, program.fetches, scope, guard); });
  for (const std::string& name : before.names()) {
    EXPECT_TRUE(scope.get(name).identical(before.get(name))) << name;
  }
  Scope unguarded = before.clone();
  Executor plain;
  plain.run(program.main, program.batches[2], program.fetches, unguarded);
  executor.run(program.main, program.batches[2], program.fetches, scope, guard);
  for (const std::string& name : before.names()) {
    EXPECT_TRUE(scope.get(name).identical(unguarded.get(name))) << name;
  }
}

TEST(Executor, KeepsTheScopeWhenALabelIsWrong) {
  const TestProgram program = small_net("mobile");
  Scope scope = initial_scope(program);
  const Scope before = scope.clone();
  TensorMap bad = program.batches[0];
  bad["label"] = Tensor::from<int64_t>({4, 1}, {0, 1, 7, 2});
  Executor executor;
  expect_error(ErrorCode::InvalidArgument, {"Label holds class 7 but there are 5 classes"}, [&] {
    executor.run(program.main, bad, program.fetches, scope, {.guard_finite = program.fetches[0]});
  });
  for (const std::string& name : before.names()) {
    EXPECT_TRUE(scope.get(name).identical(before.get(name))) << name;
  }
}

TEST(Executor, RefusesParametersOfAnotherShape) {
  const TestProgram program = tiny();
  Scope scope = scope_with(3, 4);
  Executor executor;
  executor.run(program.main, program.batches[0], program.fetches, scope);
  scope.set("w", Tensor(DType::Float32, {3}));
  expect_error(ErrorCode::InvalidArgument, {"'w' has shape [3]", "wants [2]"}, [&] {
    executor.run(program.main, program.batches[0], program.fetches, scope);
  });
}

TEST(Executor, FindsTheFirstOpThatIsNotFinite) {
  const TestProgram program = tiny();
  Scope scope = scope_with(kInfinity, 4);
  EXPECT_EQ(find_first_nonfinite(program.main, program.batches[0], scope),
            "elementwise_mul 'product': Out 'product' has inf at element 0");
  scope = scope_with(1, 4);
  EXPECT_EQ(find_first_nonfinite(program.main, program.batches[0], scope), std::nullopt);
}

TEST(Executor, ProfilesEachStep) {
  const TestProgram program = small_net("mobile");
  Scope scope = initial_scope(program);
  Executor executor(CpuPlace{}, {.profile = true});
  for (int i = 0; i < 2; ++i) {
    executor.run(program.main, program.batches[0], program.fetches, scope);
  }
  const std::vector<ProfileRow> rows = executor.profile();
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows[0].kind, "conv2d");
  EXPECT_EQ(rows[0].calls, 2);
  EXPECT_EQ(rows[0].flops, 2.0 * 4 * 6 * 6 * 8 * 9);
  EXPECT_EQ(rows[0].bytes, 4.0 * (4 * 12 * 12 + 8 * 9 + 4 * 6 * 6 * 8));
  EXPECT_GT(rows[0].seconds, 0);
  EXPECT_GT(executor.peak_arena_bytes(), 0u);
  EXPECT_TRUE(Executor().profile().empty());
}

}  // namespace
}  // namespace intact
