#include "intact/ir/pattern.h"

#include <gtest/gtest.h>

#include "intact/ir/rewrite_all.h"

namespace intact {
namespace {

Var& relu(Block& block, Var& x, const std::string& name) {
  Var& y = block.add_var(name, DType::Float32, {});
  block.append_op({.type = "relu", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&y}}}});
  return y;
}

/// x -> a -> b -> c, with a second reader d of b.
Program chain() {
  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {2, 3}, {.is_data = true});
  Var& a = relu(block, x, "a");
  Var& b = relu(block, a, "b");
  relu(block, b, "c");
  relu(block, b, "d");
  return program;
}

TEST(Pattern, ProducerChainCapturesBothOps) {
  const Program program = chain();
  const Pattern pair =
      op_type({"relu"}).capture("second").producer_of("X", op_type({"relu"}).capture("first"));
  const auto match = pair.match(*program.var("b").producer());
  ASSERT_TRUE(match);
  EXPECT_EQ(&match->op("first"), program.var("a").producer());
  EXPECT_EQ(&match->op("second"), &match->root());
  EXPECT_FALSE(pair.match(*program.var("a").producer())) << "x has no producer";
}

TEST(Pattern, ConsumerMustBeTheOnlyOne) {
  const Program program = chain();
  const Pattern before_relu = any_op().consumer_of("Out", op_type({"relu"}));
  EXPECT_TRUE(before_relu.match(*program.var("a").producer()));
  EXPECT_FALSE(before_relu.match(*program.var("b").producer())) << "two ops read b";
  EXPECT_FALSE(before_relu.match(*program.var("c").producer())) << "nothing reads c";
}

TEST(Pattern, PredicatesCompose) {
  const Program program = chain();
  Op& op = *program.var("b").producer();
  EXPECT_TRUE(any_op().where(in({"tanh", "relu"})).match(op));
  EXPECT_FALSE(any_op().where(is_not(in({"relu"}))).match(op));
  EXPECT_TRUE(any_op().where(input_is("X", single_consumer())).match(op));
  EXPECT_FALSE(any_op().where(output_is("Out", single_consumer())).match(op));
  EXPECT_TRUE(any_op().where(input_is("X", has_dtype(DType::Float32))).match(op));
  EXPECT_FALSE(any_op().where(input_is("X", is_constant())).match(op));
  op.set_attr("op_device", std::string("cpu"));
  EXPECT_TRUE(any_op().where(attr_is("op_device", std::string("cpu"))).match(op));
  EXPECT_FALSE(any_op().where(attr_is("op_device", true)).match(op)) << "other type";
  EXPECT_FALSE(any_op().where(attr_is("op_role", 1)).match(op)) << "absent";
}

TEST(Pattern, AlternativesAreTriedInOrderAndDoNotLeakCaptures) {
  const Program program = chain();
  const Pattern fed_by_relu =
      any_op().capture("deep").producer_of("X", op_type({"relu"}).capture("producer"));
  const Pattern either = fed_by_relu.or_else(any_op().capture("shallow"));
  const auto deep = either.match(*program.var("b").producer());
  ASSERT_TRUE(deep);
  EXPECT_TRUE(deep->has("deep"));
  EXPECT_FALSE(deep->has("shallow"));
  const auto shallow = either.match(*program.var("a").producer());
  ASSERT_TRUE(shallow);
  EXPECT_TRUE(shallow->has("shallow"));
  EXPECT_FALSE(shallow->has("producer"));
  EXPECT_THROW(shallow->op("producer"), Error);
}

TEST(RewriteAll, CountsChangesAndKeepsReasons) {
  Program program = chain();
  const PassReport report =
      rewrite_all(program, op_type({"relu"}).capture("op"), [](Match& m, Rewriter&) {
        Op& op = m.op("op");
        if (op.output("Out").consumers().empty()) {
          return skip(op, "nothing reads it");
        }
        op.set_attr("skip_quant", true);
        return changed();
      });
  EXPECT_EQ(report.changed, 2);
  ASSERT_EQ(report.skipped.size(), 2u);
  EXPECT_EQ(report.skipped[0], (PassReport::Skip{"relu 'c'", "nothing reads it"}));
  EXPECT_EQ(report.reason("relu 'd'"), "nothing reads it");
  EXPECT_EQ(report.reason("relu 'a'"), "");
  EXPECT_GE(report.seconds, 0);
}

TEST(RewriteAll, VisitsNeitherAddedNorErasedOps) {
  Program program = chain();
  int visits = 0;
  const PassReport report = rewrite_all(program, any_op(), [&](Match& m, Rewriter& rewriter) {
    ++visits;
    Op& op = m.root();
    if (op.output("Out").name() == "a") {
      Op& next = *program.var("b").producer();
      rewriter.set_input(next, "X", {&program.var("x")});
      rewriter.erase(op);
      rewriter.insert_before(next,
                             {.type = "relu",
                              .inputs = {{"X", {&program.var("x")}}},
                              .outputs = {{"Out", {&program.var("a")}}}});
      rewriter.erase(*program.var("d").producer());
      return changed();
    }
    return skip(op, "kept");
  });
  EXPECT_EQ(visits, 3) << "a, b and c; not the second a, not d";
  EXPECT_EQ(report.changed, 1);
  EXPECT_EQ(program.block().op_count(), 4u - 2 + 1);
}

}  // namespace
}  // namespace intact
