#include "intact/ir/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/ir/rewriter.h"
#include "intact/ir/text.h"

namespace intact {
namespace {

using ::testing::HasSubstr;

void expect_invalid(const Program& program, const std::string& message) {
  try {
    verify(program);
    ADD_FAILURE() << "no error for:\n" << to_text(program);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

Program chain() {
  return parse_program(R"(
    var %x: float32[-1,4] data
    Out=%y = relu(X=%x)
    Out=%z = scale(X=%y) {scale=2}
  )");
}

TEST(Verify, AcceptsAValidProgramAndKeepsIt) {
  const Program program = chain();
  const std::string text = to_text(program);
  const uint64_t version = program.version();
  verify(program);
  EXPECT_EQ(to_text(program), text);
  EXPECT_EQ(program.version(), version);
}

TEST(Verify, FindsAReadBeforeTheWrite) {
  Program program = chain();
  Rewriter rewriter(program.block());
  rewriter.replace_input(*program.ops()[0], program.var("x"), program.var("z"));
  expect_invalid(program, "relu 'y': input 'X' reads Var 'z', which no earlier op writes");
}

TEST(Verify, FindsAnErasedWriter) {
  Program program = chain();
  Rewriter(program.block()).erase(*program.ops()[0]);
  expect_invalid(program, "scale 'z': input 'X' reads Var 'y', which no earlier op writes");
}

TEST(Verify, FindsASecondWriterOfATemporary) {
  Program program = chain();
  Rewriter rewriter(program.block());
  rewriter.append({.type = "scale",
                   .inputs = {{"X", {&program.var("x")}}},
                   .outputs = {{"Out", {&program.var("y")}}}});
  expect_invalid(program, "scale 'y': writes Var 'y', which relu 'y' writes too");
  program.var("y").set_persistable(true);
  verify(program);
}

TEST(Verify, AcceptsTheSameOpTwice) {
  Program program = chain();
  const auto again = [&](Attributes attrs) {
    return OpSpec{.type = "relu",
                  .inputs = {{"X", {&program.var("x")}}},
                  .outputs = {{"Out", {&program.var("y")}}},
                  .attrs = std::move(attrs)};
  };
  Op& twin = program.block().append_op(again(program.ops()[0]->attrs()));
  verify(program);
  twin.set_attr("skip_quant", true);
  expect_invalid(program, "relu 'y': writes Var 'y', which relu 'y' writes too");
}

TEST(Verify, FindsAnInPlaceUpdateOfATemporary) {
  Program program = parse_program(R"(
    var %p: float32[4] persistable parameter
    var %lr: float32[1] persistable
    var %g: float32[4] data
    ParamOut=%p = sgd(Param=%p, Grad=%g, LearningRate=%lr)
  )");
  verify(program);
  program.var("p").set_options({.is_data = true});
  expect_invalid(program, "sgd 'p': updates 'p' in place, which is not persistable");
}

TEST(Verify, FindsAStaleShapeAndDtype) {
  Program program = chain();
  program.var("y").set_shape({-1, 5});
  expect_invalid(program, "relu 'y': Var 'y' is float32[-1,5] but the op gives float32[-1,4]");
  program.var("y").set_shape({8, 4});
  verify(program);
  program.var("y").set_dtype(DType::Float64);
  expect_invalid(program, "relu 'y': Var 'y' is float64[8,4] but the op gives float32");
}

TEST(Verify, FindsAnEmptiedSlotAndARemovedAttribute) {
  Program program = chain();
  Op& scale = *program.ops()[1];
  scale.remove_attr("bias");
  expect_invalid(program, "scale 'z': attribute 'bias' was removed");
  scale.set_attr("bias", 1.0);
  expect_invalid(program, "attribute 'bias' is a float64 but must be a float32");
  scale.set_attr("bias", 1.0f);
  verify(program);
  Rewriter(program.block()).set_input(scale, "X", {});
  expect_invalid(program, "scale 'z': input slot 'X' is empty");
}

TEST(Verify, LooksIntoEveryBlock) {
  Program program = chain();
  Block& inner = program.add_block(0);
  Var& a = inner.add_var("a", DType::Float32, {1});
  Var& b = inner.add_var("b", DType::Float32, {});
  inner.append_op({.type = "relu", .inputs = {{"X", {&a}}}, .outputs = {{"Out", {&b}}}});
  expect_invalid(program, "relu 'b': input 'X' reads Var 'a'");
}

}  // namespace
}  // namespace intact
