// append_op: defaults, and one clear message for each way to get an op wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/ir/op_registry.h"
#include "intact/ir/program.h"

namespace intact {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class AppendOp : public ::testing::Test {
 protected:
  void expect_error(OpSpec spec, ErrorCode code, const ::testing::Matcher<std::string>& message) {
    const size_t count = block.op_count();
    const uint64_t version = program.version();
    try {
      block.append_op(std::move(spec));
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(std::string(error.what()), message);
    }
    EXPECT_EQ(block.op_count(), count);
    EXPECT_EQ(program.version(), version) << "the Block must be unchanged";
    EXPECT_TRUE(y.producers().empty());
  }

  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {-1, 3}, {.is_data = true});
  Var& y = block.add_var("y", DType::Float32, {});
};

TEST_F(AppendOp, FillsDefaultsAndDropsEmptySlots) {
  Op& op = block.append_op({.type = "scale",
                            .inputs = {{"X", {&x}}, {"ScaleTensor", {}}},
                            .outputs = {{"Out", {&y}}},
                            .attrs = {{"scale", 3.0f}}});
  EXPECT_EQ(op.attr<float>("scale"), 3.0f);
  EXPECT_EQ(op.attr<float>("bias"), 0.0f);
  EXPECT_EQ(op.attr<bool>("bias_after_scale"), true);
  EXPECT_FALSE(op.inputs().contains("ScaleTensor"));
  EXPECT_EQ(op.label(), "scale 'y'");
  EXPECT_EQ(y.shape(), (Shape{-1, 3}));
  EXPECT_EQ(y.producer(), &op);
}

TEST_F(AppendOp, UnknownTypeNamesTheNearest) {
  expect_error({.type = "rellu", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&y}}}},
               ErrorCode::Unsupported,
               HasSubstr("op 'rellu': this build has no such op, the nearest is 'relu'"));
}

TEST_F(AppendOp, UnknownSlotListsTheValidOnes) {
  expect_error({.type = "relu", .inputs = {{"Input", {&x}}}, .outputs = {{"Out", {&y}}}},
               ErrorCode::InvalidArgument,
               HasSubstr("relu 'y': has no input slot 'Input'; its input slots are [\"X\"]"));
  expect_error({.type = "relu", .inputs = {{"X", {&x}}}, .outputs = {{"Output", {&y}}}},
               ErrorCode::InvalidArgument,
               HasSubstr("has no output slot 'Output'"));
}

TEST_F(AppendOp, MissingSlotIsNamed) {
  expect_error({.type = "relu", .inputs = {}, .outputs = {{"Out", {&y}}}},
               ErrorCode::InvalidArgument,
               HasSubstr("relu 'y': input slot 'X' is empty; give it a Var"));
  expect_error({.type = "relu", .inputs = {{"X", {&x}}}},
               ErrorCode::InvalidArgument,
               HasSubstr("relu: output slot 'Out' is empty"));
}

TEST_F(AppendOp, OnlyListSlotsHoldSeveralVars) {
  expect_error({.type = "relu", .inputs = {{"X", {&x, &x}}}, .outputs = {{"Out", {&y}}}},
               ErrorCode::InvalidArgument,
               HasSubstr("input slot 'X' holds 2 Vars but takes one"));
}

TEST_F(AppendOp, VarsOfAnotherBlockAndNullAreRejected) {
  Program other;
  Var& foreign = other.block().add_var("x", DType::Float32, {1});
  for (Var* var : {&foreign, static_cast<Var*>(nullptr)}) {
    expect_error({.type = "relu", .inputs = {{"X", {var}}}, .outputs = {{"Out", {&y}}}},
                 ErrorCode::InvalidArgument,
                 HasSubstr("holds a Var of another block"));
  }
}

TEST_F(AppendOp, UnknownAttributeNamesTheNearestAndTheValidOnes) {
  expect_error({.type = "scale",
                .inputs = {{"X", {&x}}},
                .outputs = {{"Out", {&y}}},
                .attrs = {{"scael", 3.0f}}},
               ErrorCode::InvalidArgument,
               AllOf(HasSubstr("scale 'y': has no attribute 'scael', the nearest is 'scale'"),
                     HasSubstr("\"bias_after_scale\"")));
}

TEST_F(AppendOp, MetaAttributesAreLegalOnEveryOp) {
  Op& op = block.append_op(
      {.type = "relu",
       .inputs = {{"X", {&x}}},
       .outputs = {{"Out", {&y}}},
       .attrs = {{"op_role", role::kBackward | role::kLoss}, {"Out0_threshold", 0.5f}}});
  EXPECT_TRUE(op.is_backward());
  EXPECT_FALSE(op.is_forward());
}

TEST_F(AppendOp, ImportersMayKeepUnknownAttributes) {
  Op& op = block.append_op({.type = "relu",
                            .inputs = {{"X", {&x}}},
                            .outputs = {{"Out", {&y}}},
                            .attrs = {{"from_a_later_version", true}}},
                           UnknownAttributes::Keep);
  EXPECT_TRUE(op.attr<bool>("from_a_later_version"));
}

TEST_F(AppendOp, AttributeOfAnotherTypeNamesBoth) {
  expect_error({.type = "scale",
                .inputs = {{"X", {&x}}},
                .outputs = {{"Out", {&y}}},
                .attrs = {{"scale", 3}}},
               ErrorCode::InvalidArgument,
               HasSubstr("attribute 'scale' is a int32 but must be a float32; give a float32"));
}

TEST_F(AppendOp, RequiredAttributeMustBeGiven) {
  Var& p = block.add_var("p", DType::Float32, {3}, {.is_persistable = true});
  Var& v = block.add_var("v", DType::Float32, {3}, {.is_persistable = true});
  Var& lr = block.add_var("lr", DType::Float32, {1}, {.is_persistable = true});
  OpSpec spec = {
      .type = "momentum",
      .inputs = {{"Param", {&p}}, {"Grad", {&p}}, {"Velocity", {&v}}, {"LearningRate", {&lr}}},
      .outputs = {{"ParamOut", {&p}}, {"VelocityOut", {&v}}}};
  expect_error(spec, ErrorCode::InvalidArgument, HasSubstr("attribute 'mu' is missing"));
  spec.attrs["mu"] = 0.9f;
  spec.outputs["VelocityOut"] = {&p};
  expect_error(spec,
               ErrorCode::InvalidArgument,
               HasSubstr("output 'VelocityOut' must be the Var of input 'Velocity'"));
}

TEST_F(AppendOp, AccessorsNameWhatIsMissing) {
  Op& op = block.append_op({.type = "relu", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&y}}}});
  const auto message = [](const auto& action) -> std::string {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message([&] { op.input("X", 1); }), HasSubstr("relu 'y': input X[1] does not exist"));
  EXPECT_THAT(message([&] { op.output("Y"); }), HasSubstr("relu 'y': output Y[0] does not exist"));
  EXPECT_THAT(message([&] { op.attr<float>("alpha"); }), HasSubstr("has no attribute 'alpha'"));
  op.set_attr("op_role", 1);
  EXPECT_THAT(message([&] { op.attr<float>("op_role"); }),
              HasSubstr("attribute 'op_role' is a int32"));
  EXPECT_EQ(op.attr_or<float>("alpha", 0.5f), 0.5f);
}

TEST(OpRegistry, RefusesDoubleAndIncompleteDefinitions) {
  OpRegistry registry;
  EXPECT_THROW(registry.add({.type = "a"}), Error);
  const auto def = [] {
    return OpDef{
        .type = "a", .infer = [](InferContext&) {}, .forward = [](const KernelContext&) {}};
  };
  registry.add(def());
  EXPECT_THROW(registry.add(def()), Error);
  EXPECT_EQ(registry.types(), (std::vector<std::string>{"a"}));
  EXPECT_EQ(registry.find("b"), nullptr);
}

}  // namespace
}  // namespace intact
