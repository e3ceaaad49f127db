#include "intact/ir/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/ir/text.h"

namespace intact {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A forward op, its gradient, an optimizer step, and a dead branch.
Program training_program() {
  return parse_program(R"(
    random_seed 5
    var %x: float32[-1,4] data stop_gradient
    var %label: float32[-1,4] data
    var %w: float32[-1,4] persistable parameter
    var %velocity: float32[-1,4] persistable
    var %lr: float32[1] persistable
    Out=%h = sum(X=[%x, %w])
    Out=%y = relu(X=%h)
    Out=%loss = sum(X=[%y, %label])
    X@GRAD=%h@GRAD = relu_grad(Out=%y, Out@GRAD=%loss) {op_role=1}
    ParamOut=%w, VelocityOut=%velocity = momentum(Param=%w, Grad=%h@GRAD, Velocity=%velocity,
        LearningRate=%lr) {mu=0.9, op_role=2}
  )");
}

TEST(Program, CloneIsDeepAndHasItsOwnId) {
  const Program program = training_program();
  const std::string text = to_text(program);
  Program copy = program.clone();
  EXPECT_EQ(to_text(copy), text);
  EXPECT_NE(copy.id(), program.id());
  EXPECT_EQ(copy.random_seed(), 5u);
  EXPECT_EQ(copy.var("y").producer(), copy.ops()[1]);
  copy.ops()[1]->set_attr("skip_quant", true);
  copy.var("w").set_shape({1, 4});
  copy.block().add_var("more", DType::Float32, {1});
  EXPECT_EQ(to_text(program), text);
}

TEST(Program, UniqueNamesContinueInAClone) {
  Program program;
  EXPECT_EQ(program.unique_name("fc"), "fc_0");
  program.block().add_var("fc_1", DType::Float32, {1});
  EXPECT_EQ(program.unique_name("fc"), "fc_2") << "fc_1 is taken";
  EXPECT_EQ(program.clone().unique_name("fc"), "fc_3");
}

TEST(Program, MovingKeepsBlocksVarsAndOps) {
  Program program = training_program();
  Var& w = program.var("w");
  const Program moved = std::move(program);
  EXPECT_EQ(&moved.var("w"), &w);
  const uint64_t version = moved.version();
  w.set_shape({7, 4});
  EXPECT_GT(moved.version(), version);
}

TEST(Program, CloneForTestDropsBackwardAndOptimizer) {
  const Program test = training_program().clone_for_test();
  EXPECT_EQ(to_text(test, {.with_defaults = false}),
            "random_seed 5\n"
            "var %x: float32[-1,4] data stop_gradient\n"
            "var %label: float32[-1,4] data\n"
            "var %w: float32[-1,4] persistable parameter\n"
            "var %h: float32[-1,4]\n"
            "var %y: float32[-1,4]\n"
            "var %loss: float32[-1,4]\n"
            "Out=%h = sum(X=[%x, %w])\n"
            "Out=%y = relu(X=%h)\n"
            "Out=%loss = sum(X=[%y, %label])\n");
}

TEST(Program, CloneForTestSetsIsTest) {
  Program program = training_program();
  program.ops()[1]->set_attr("is_test", false);  // as an importer keeps it
  EXPECT_TRUE(program.clone_for_test().ops()[1]->attr<bool>("is_test"));
  EXPECT_FALSE(program.ops()[1]->attr<bool>("is_test"));
}

TEST(Program, PruneKeepsWhatTheTargetsNeed) {
  const Program pruned = training_program().prune({"x"}, {"y"});
  EXPECT_EQ(to_text(pruned, {.with_defaults = false, .with_temporaries = false}),
            "random_seed 5\n"
            "var %x: float32[-1,4] data stop_gradient\n"
            "var %w: float32[-1,4] persistable parameter\n"
            "Out=%h = sum(X=[%x, %w])\n"
            "Out=%y = relu(X=%h)\n");
}

TEST(Program, PruneStopsAtFedTemporaries) {
  const Program pruned = training_program().prune({"h"}, {"y"});
  EXPECT_EQ(to_text(pruned, {.with_defaults = false}),
            "random_seed 5\n"
            "var %h: float32[-1,4]\n"
            "var %y: float32[-1,4]\n"
            "Out=%y = relu(X=%h)\n");
}

TEST(Program, PruneKeepsATargetThatIsFedOrUnknown) {
  EXPECT_NE(training_program().prune({"x"}, {"x"}).block().find_var("x"), nullptr);
  EXPECT_THROW(training_program().prune({"x"}, {"z"}), Error);
}

TEST(Program, VersionGrowsWithEveryChange) {
  Program program = training_program();
  uint64_t version = program.version();
  const auto grows = [&] { return std::exchange(version, program.version()) < program.version(); };
  program.var("w").set_shape({9, 4});
  EXPECT_TRUE(grows());
  program.var("w").set_shape({9, 4});
  EXPECT_FALSE(grows()) << "same shape";
  program.var("w").set_dtype(DType::Float64);
  EXPECT_TRUE(grows());
  program.var("w").set_stop_gradient(true);
  EXPECT_TRUE(grows());
  program.ops()[0]->set_attr("op_role", 1);
  EXPECT_TRUE(grows());
  program.ops()[0]->remove_attr("op_role");
  EXPECT_TRUE(grows());
}

TEST(Program, UnknownNamesAndIndicesAreErrors) {
  Program program = training_program();
  try {
    program.var("velocty");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
    EXPECT_THAT(error.what(), HasSubstr("the nearest is 'velocity'"));
  }
  EXPECT_THROW(program.block(1), Error);
  EXPECT_THROW(program.block().add_var("w", DType::Float32, {1}), Error);
  EXPECT_THROW(program.block().add_var("", DType::Float32, {1}), Error);
}

TEST(Program, ProducerOfASharedPersistableIsAmbiguous) {
  Program program = parse_program(R"(
    var %x: float32[2] data
    var %s: float32[2] persistable
    Out=%s = relu(X=%x)
    Out=%s = scale(X=%x)
  )");
  EXPECT_EQ(program.var("s").producers().size(), 2u);
  EXPECT_THROW(program.var("s").producer(), Error);
  EXPECT_EQ(program.var("x").producer(), nullptr);
  EXPECT_THAT(program.var("s").consumers(), IsEmpty());
}

}  // namespace
}  // namespace intact
