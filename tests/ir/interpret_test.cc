#include "intact/ir/interpret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/ir/kernel_context.h"
#include "intact/ir/text.h"

namespace intact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Action>
std::string error_of(ErrorCode code, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

class Interpret : public ::testing::Test {
 protected:
  Program program = parse_program(R"(
    var %x: float32[-1,2] data
    var %w: float32[1,2] persistable parameter
    Out=%y = relu(X=%x)
    Out=%z = sum(X=[%y, %w])
    Out=%w = scale(X=%z) {scale=0.5}
  )");
  Scope scope;

  void SetUp() override { scope.set("w", Tensor::from<float>({1, 2}, {10, 20})); }
};

TEST_F(Interpret, RunsInOrderAndUpdatesTheScope) {
  const TensorMap feeds = {{"x", Tensor::from<float>({1, 2}, {-1, 2})}};
  const auto out = interpret(program, feeds, {"z", "w", "x"}, scope);
  EXPECT_THAT(out[0].values<float>(), ElementsAre(10, 22));
  EXPECT_THAT(out[1].values<float>(), ElementsAre(5, 11));
  EXPECT_THAT(out[2].values<float>(), ElementsAre(-1, 2));
  EXPECT_TRUE(scope.get("w").identical(out[1]));
  EXPECT_NE(scope.get("w").raw(), out[1].raw()) << "fetches are copies";
}

TEST_F(Interpret, TellsEachOpAndItsOutputs) {
  std::vector<std::string> seen;
  interpret(program,
            {{"x", Tensor::from<float>({1, 2}, {1, 2})}},
            {},
            scope,
            {.after_op = [&](const Op& op, const KernelContext& context) {
              seen.push_back(op.label());
              if (op.type() == "relu") {
                EXPECT_THAT(context.output("Out").values<float>(), ElementsAre(1, 2));
              }
            }});
  EXPECT_THAT(seen, ElementsAre("relu 'y'", "sum 'z'", "scale 'w'"));
}

TEST_F(Interpret, MissingFeedNamesTheVarAndItsReader) {
  EXPECT_THAT(error_of(ErrorCode::InvalidArgument, [&] { interpret(program, {}, {}, scope); }),
              HasSubstr("feed: 'x' float32[-1,2] is missing, and relu 'y' reads it; feed it"));
}

TEST_F(Interpret, WrongFeedsNameBothSides) {
  const auto feed = [&](const std::string& name, Tensor tensor) {
    return error_of(ErrorCode::InvalidArgument, [&] {
      interpret(program, {{name, std::move(tensor)}}, {}, scope);
    });
  };
  EXPECT_THAT(feed("x", Tensor::from<float>({1, 3}, {1, 2, 3})),
              HasSubstr("feed: 'x' has shape [1,3] but the program wants [-1,2]"));
  EXPECT_THAT(feed("x", Tensor::from<float>({2}, {1, 2})), HasSubstr("has shape [2]"));
  EXPECT_THAT(feed("x", Tensor::from<double>({1, 2}, {1, 2})),
              HasSubstr("feed: 'x' is float64 but the program wants float32"));
  EXPECT_THAT(feed("image", Tensor::from<float>({1}, {1})),
              HasSubstr("feed: the program has no Var 'image'"));
}

TEST_F(Interpret, MissingParameterAndFetchAreNotFound) {
  const TensorMap feeds = {{"x", Tensor::from<float>({1, 2}, {1, 2})}};
  EXPECT_THAT(error_of(ErrorCode::NotFound, [&] { interpret(program, feeds, {"q"}, scope); }),
              HasSubstr("no Var 'q'"));
  scope.erase("w");
  EXPECT_THAT(error_of(ErrorCode::NotFound, [&] { interpret(program, feeds, {}, scope); }),
              HasSubstr("scope: no tensor 'w'"));
}

TEST_F(Interpret, SpecializeMakesEveryShapeKnown) {
  const Program known =
      specialize(program, {{"x", Tensor(DType::Float32, {1, 2})}, {"w", scope.get("w")}});
  for (const Var* var : known.block().vars()) {
    EXPECT_TRUE(var->shape().is_known()) << var->name();
  }
  EXPECT_EQ(program.var("y").shape(), (Shape{-1, 2})) << "the original stays";
}

TEST_F(Interpret, AFeedThatNoOpFitsIsFoundByInference) {
  EXPECT_THAT(error_of(ErrorCode::InvalidArgument,
                       [&] {
                         specialize(program, {{"x", Tensor(DType::Float32, {4, 2})}});
                       }),
              HasSubstr("sum 'z'"));
}

TEST(Scope, FindsReplacesAndNamesTheNearest) {
  Scope scope;
  EXPECT_EQ(scope.find("w"), nullptr);
  scope.set("weight", Tensor::scalar(1.0f));
  scope.set("weight", Tensor::scalar(2.0f));
  EXPECT_EQ(scope.get("weight").data<float>()[0], 2.0f);
  EXPECT_THAT(error_of(ErrorCode::NotFound, [&] { scope.get("wieght"); }),
              HasSubstr("no tensor 'wieght', the nearest is 'weight'"));
  scope.get("weight").data<float>()[0] = 3.0f;
  EXPECT_EQ(scope.find("weight")->data<float>()[0], 3.0f) << "reads give the live tensor";
  scope.set("a", Tensor::scalar(1.0f));
  EXPECT_THAT(scope.names(), ElementsAre("a", "weight"));
  scope.erase("a");
  EXPECT_FALSE(scope.contains("a"));
}

TEST(Scope, CloneIsDeep) {
  Scope scope;
  scope.set("w", Tensor::scalar(1.0f));
  const Scope copy = scope.clone();
  scope.get("w").data<float>()[0] = 2.0f;
  EXPECT_EQ(copy.get("w").data<float>()[0], 1.0f);
}

}  // namespace
}  // namespace intact
