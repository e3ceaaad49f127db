#include "intact/autodiff/append_backward.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/rewriter.h"
#include "intact/ir/text.h"
#include "support/data_path.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string describe(const Slots& slots) {
  std::vector<std::string> parts;
  for (const auto& [slot, vars] : slots) {
    std::vector<std::string> names;
    for (const Var* var : vars) {
      names.push_back(var->name());
    }
    parts.push_back(fmt::format("{}={}", slot, fmt::join(names, "+")));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// "type(inputs) -> outputs [op_role_var]" of every backward op.
std::vector<std::string> backward_ops(const Program& program) {
  std::vector<std::string> lines;
  for (const Op* op : program.ops()) {
    if (op->is_backward()) {
      std::string line =
          fmt::format("{}({}) -> {}", op->type(), describe(op->inputs()), describe(op->outputs()));
      const auto role_var = op->attr_or<Strings>("op_role_var", {});
      if (!role_var.empty()) {
        line += fmt::format(" [{}]", fmt::join(role_var, ", "));
      }
      lines.push_back(line);
    }
  }
  return lines;
}

std::vector<std::string> names(const std::vector<ParameterGradient>& pairs) {
  std::vector<std::string> result;
  for (const auto& [parameter, gradient] : pairs) {
    result.push_back(parameter->name() + " " + gradient->name());
  }
  return result;
}

/// The training program Paddle 2.6.2 wrote, whose backward and optimizer ops are taken out and made
/// anew.
void expect_paddles_backward(const std::string& network, size_t parameter_count) {
  const std::string path = data_path(network + "/programs/train.pb");
  const Program paddle = read_program(read_file(path), path);
  Program program = paddle.clone();
  Rewriter rewriter(program.block());
  for (Op* op : program.ops()) {
    if (!op->is_forward()) {
      rewriter.erase(*op);
    }
  }
  rewriter.remove_unused_vars();
  ASSERT_TRUE(backward_ops(program).empty());
  const auto pairs = append_backward(program.var("mean_1.tmp_0"));
  EXPECT_EQ(backward_ops(program), backward_ops(paddle));
  EXPECT_EQ(pairs.size(), parameter_count);
}

TEST(AppendBackward, RemakesPaddlesTrainingPrograms) {
  expect_paddles_backward("lenet", 6);
  expect_paddles_backward("mobilenet_s0125", 83);
}

TEST(AppendBackward, ReturnsTheParametersInProgramOrder) {
  Program program = parse_program(R"(
    var %x: float32[-1,3] data stop_gradient
    var %w2: float32[3,1] persistable parameter
    var %w1: float32[3,3] persistable parameter
    Out=%h = mul(X=%x, Y=%w1)
    Out=%y = mul(X=%h, Y=%w2)
    Out=%loss = reduce_mean(X=%y) {reduce_all=true}
  )");
  EXPECT_THAT(names(append_backward(program.var("loss"))), ElementsAre("w2 w2@GRAD", "w1 w1@GRAD"));
}

TEST(AppendBackward, SetsTheRolesOfLossAndSeed) {
  Program program = parse_program(R"(
    var %w: float32[2] persistable parameter
    Out=%loss = reduce_mean(X=%w)
  )");
  append_backward(program.var("loss"));
  ASSERT_EQ(program.ops().size(), 3u);
  EXPECT_EQ(program.ops()[0]->role(), 256);
  EXPECT_EQ(program.ops()[1]->role(), 257);
  EXPECT_EQ(program.ops()[2]->role(), 1);
  EXPECT_EQ(program.var("w@GRAD").shape(), (Shape{2}));
}

TEST(AppendBackward, TwoConsumersAreAddedInTheOrderTheyAreReached) {
  Program program = parse_program(R"(
    var %x: float32[-1,3] data stop_gradient
    var %w: float32[3,3] persistable parameter
    Out=%h = mul(X=%x, Y=%w)
    Out=%a = relu(X=%h)
    Out=%b = scale(X=%h) {scale=2}
    Out=%c = elementwise_add(X=%a, Y=%b)
    Out=%loss = reduce_mean(X=%c) {reduce_all=true}
  )");
  append_backward(program.var("loss"));
  EXPECT_THAT(
      backward_ops(program),
      ElementsAre("fill_constant() -> Out=loss@GRAD",
                  "reduce_mean_grad(Out@GRAD=loss@GRAD, X=c) -> X@GRAD=c@GRAD",
                  "elementwise_add_grad(Out@GRAD=c@GRAD, X=a, Y=b) -> X@GRAD=a@GRAD, Y@GRAD=b@GRAD",
                  "scale(X=b@GRAD) -> Out=h@GRAD@RENAME@block0@0",
                  "relu_grad(Out=a, Out@GRAD=a@GRAD) -> X@GRAD=h@GRAD@RENAME@block0@1",
                  "sum(X=h@GRAD@RENAME@block0@0+h@GRAD@RENAME@block0@1) -> Out=h@GRAD",
                  "mul_grad(Out@GRAD=h@GRAD, X=x, Y=w) -> Y@GRAD=w@GRAD [w, w@GRAD]"));
}

TEST(AppendBackward, ASharedParameterIsSummedAtTheEnd) {
  Program program = parse_program(R"(
    var %x: float32[-1,3] data stop_gradient
    var %w: float32[3,3] persistable parameter
    Out=%h = mul(X=%x, Y=%w)
    Out=%y = mul(X=%h, Y=%w)
    Out=%loss = reduce_mean(X=%y) {reduce_all=true}
  )");
  append_backward(program.var("loss"));
  EXPECT_EQ(backward_ops(program).back(),
            "sum(X=w@GRAD@RENAME@block0@0+w@GRAD@RENAME@block0@1) -> Out=w@GRAD [w, w@GRAD]");
}

TEST(AppendBackward, OneOpMayReadAVarTwice) {
  Program program = parse_program(R"(
    var %w: float64[3] persistable parameter
    Out=%y = elementwise_mul(X=%w, Y=%w)
    Out=%loss = reduce_sum(X=%y)
  )");
  append_backward(program.var("loss"));
  EXPECT_EQ(backward_ops(program).back(),
            "sum(X=w@GRAD@RENAME@block0@0+w@GRAD@RENAME@block0@1) -> Out=w@GRAD [w, w@GRAD]");
  Scope scope;
  scope.set("w", Tensor::from<double>({3}, {1, -2, 3}));
  const auto grads = interpret(program, {}, {"w@GRAD"}, scope);
  EXPECT_TRUE(grads[0].identical(Tensor::from<double>({3}, {2, -4, 6})));
}

TEST(AppendBackward, NothingFlowsPastStopGradientOrIntoIntegers) {
  Program program = parse_program(R"(
    var %x: float32[-1,3] data stop_gradient
    var %frozen: float32[3,3] persistable parameter stop_gradient
    var %w: float32[3,3] persistable parameter
    Out=%h = mul(X=%x, Y=%frozen)
    Out=%y = mul(X=%h, Y=%w)
    Out=%loss = reduce_mean(X=%y) {reduce_all=true}
  )");
  EXPECT_THAT(names(append_backward(program.var("loss"))), ElementsAre("w w@GRAD"));
  EXPECT_EQ(backward_ops(program).back(),
            "mul_grad(Out@GRAD=y@GRAD, X=h, Y=w) -> Y@GRAD=w@GRAD [w, w@GRAD]");
  EXPECT_EQ(program.block().find_var("h@GRAD"), nullptr);

  Program cut = parse_program(R"(
    var %v: float32[2] persistable parameter
    var %w: float32[2] persistable parameter
    var %h: float32[2] stop_gradient
    Out=%h = relu(X=%v)
    Out=%y = elementwise_mul(X=%h, Y=%w)
    Out=%loss = reduce_sum(X=%y)
  )");
  EXPECT_THAT(names(append_backward(cut.var("loss"))), ElementsAre("w w@GRAD"));
}

TEST(AppendBackward, DataWithItsGradientTurnedOnGetsOne) {
  Program program = parse_program(R"(
    var %x: float32[-1,3] data
    var %w: float32[3,1] persistable parameter
    Out=%y = mul(X=%x, Y=%w)
    Out=%loss = reduce_mean(X=%y) {reduce_all=true}
  )");
  EXPECT_THAT(names(append_backward(program.var("loss"))), ElementsAre("w w@GRAD"));
  EXPECT_EQ(program.var("x@GRAD").shape(), (Shape{-1, 3}));
}

TEST(AppendBackward, OneOpMayWriteTwoParametersGradients) {
  Program program = parse_program(R"(
    var %a: float32[2] persistable parameter
    var %b: float32[2] persistable parameter
    Out=%y = elementwise_mul(X=%a, Y=%b)
    Out=%loss = reduce_sum(X=%y)
  )");
  append_backward(program.var("loss"));
  EXPECT_THAT(backward_ops(program).back(), HasSubstr("[a, a@GRAD, b, b@GRAD]"));
}

TEST(AppendBackward, BadPrograms) {
  Program vector = parse_program(R"(
    var %w: float32[2] persistable parameter
    Out=%y = relu(X=%w)
  )");
  expect_error(ErrorCode::InvalidArgument, {"'y' has shape [2]", "reduce it with mean"}, [&] {
    append_backward(vector.var("y"));
  });
  Program no_gradient = parse_program(R"(
    var %w: float32[2] persistable parameter
    Out=%q, OutScale=%s = fake_quantize_abs_max(X=%w)
    Out=%loss = reduce_sum(X=%q)
  )");
  expect_error(ErrorCode::Unsupported, {"fake_quantize_abs_max 'q'", "has no gradient"}, [&] {
    append_backward(no_gradient.var("loss"));
  });
  Program no_parameter = parse_program(R"(
    var %x: float32[2] data stop_gradient
    Out=%loss = reduce_sum(X=%x)
  )");
  expect_error(ErrorCode::InvalidArgument, {"no trainable parameter leads to the loss"}, [&] {
    append_backward(no_parameter.var("loss"));
  });
  Program twice = parse_program(R"(
    var %w: float32[2] persistable parameter
    Out=%loss = reduce_sum(X=%w)
  )");
  append_backward(twice.var("loss"));
  expect_error(ErrorCode::InvalidArgument, {"already holds 'loss@GRAD'"}, [&] {
    append_backward(twice.var("loss"));
  });
}

TEST(AppendBackward, ATwoLayerNetworkAgreesWithCentralDifferences) {
  Program program = parse_program(R"(
    var %x: float64[-1,4] data stop_gradient
    var %label: int64[-1,1] data stop_gradient
    var %w1: float64[4,5] persistable parameter
    var %b1: float64[5] persistable parameter
    var %w2: float64[5,3] persistable parameter
    Out=%h1 = mul(X=%x, Y=%w1)
    Out=%h2 = elementwise_add(X=%h1, Y=%b1) {axis=1}
    Out=%h3 = elementwise_mul(X=%h2, Y=%h2)
    Out=%h4 = elementwise_add(X=%h3, Y=%h2)
    Out=%logits = mul(X=%h4, Y=%w2)
    Loss=%losses, Softmax=%p = softmax_with_cross_entropy(Logits=%logits, Label=%label)
    Out=%loss = reduce_mean(X=%losses) {reduce_all=true}
  )");
  const auto pairs = append_backward(program.var("loss"));
  ASSERT_EQ(pairs.size(), 3u);
  const TensorMap feeds = {{"x", random_tensor({6, 4}, 1).cast(DType::Float64)},
                           {"label", Tensor::from<int64_t>({6, 1}, {0, 1, 2, 2, 1, 0})}};
  Scope scope;
  uint64_t seed = 2;
  for (const auto& [parameter, gradient] : pairs) {
    scope.set(parameter->name(), random_tensor(parameter->shape(), seed++).cast(DType::Float64));
  }
  constexpr double kStep = 1e-5;
  const auto loss = [&] { return interpret(program, feeds, {"loss"}, scope)[0].data<double>()[0]; };
  for (const auto& [parameter, gradient] : pairs) {
    const Tensor analytic = interpret(program, feeds, {gradient->name()}, scope)[0];
    double* values = scope.get(parameter->name()).data<double>();
    for (int64_t i = 0; i < analytic.numel(); ++i) {
      const double original = values[i];
      values[i] = original + kStep;
      const double above = loss();
      values[i] = original - kStep;
      const double below = loss();
      values[i] = original;
      // Error of the difference: step^2 |f'''| / 6 plus rounding / step, about 1e-10.
      EXPECT_NEAR(analytic.data<double>()[i], (above - below) / (2 * kStep), 1e-8)
          << parameter->name() << "[" << i << "]";
    }
  }
}

}  // namespace
}  // namespace intact
