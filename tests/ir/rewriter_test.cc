#include "intact/ir/rewriter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

OpSpec relu(Var& x, Var& y) {
  return {.type = "relu", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&y}}}};
}

class RewriterTest : public ::testing::Test {
 protected:
  RewriterTest() { ab.set_attr("skip_quant", true); }

  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {4}, {.is_data = true});
  Var& a = block.add_var("a", DType::Float32, {});
  Var& b = block.add_var("b", DType::Float32, {});
  Var& c = block.add_var("c", DType::Float32, {});
  Op& xa = block.append_op(relu(x, a));
  Op& ab = block.append_op(relu(a, b));
  Rewriter rewriter{block};
};

TEST_F(RewriterTest, InsertKeepsOrderPositionsAndUses) {
  Op& ac = rewriter.insert_after(xa, relu(a, c));
  EXPECT_THAT(block.ops(), ElementsAre(&xa, &ac, &ab));
  EXPECT_EQ(block.index_of(ab), 2u);
  EXPECT_THAT(a.consumers(), ElementsAre(&ac, &ab)) << "in program order, not order of insertion";
  Var& d = block.add_var("d", DType::Float32, {});
  Op& xd = rewriter.prepend(relu(x, d));
  EXPECT_EQ(block.index_of(xd), 0u);
  EXPECT_THAT(x.consumers(), ElementsAre(&xd, &xa));
  EXPECT_EQ(d.shape(), (Shape{4}));
}

TEST_F(RewriterTest, EraseUnlinksAndKeepsTheOpObjectAlive) {
  rewriter.erase(xa);
  EXPECT_TRUE(Rewriter::is_erased(xa));
  EXPECT_EQ(xa.label(), "relu 'a'");
  EXPECT_THAT(a.producers(), IsEmpty());
  EXPECT_EQ(a.producer(), nullptr);
  EXPECT_THAT(x.consumers(), IsEmpty());
  EXPECT_EQ(block.index_of(ab), 0u);
  EXPECT_THROW(block.index_of(xa), Error);
  EXPECT_THROW(rewriter.erase(xa), Error);
}

TEST_F(RewriterTest, ReplaceInputMovesTheUse) {
  EXPECT_EQ(rewriter.replace_input(ab, x, a), 0);
  EXPECT_FALSE(rewriter.changed());
  const uint64_t version = program.version();
  EXPECT_EQ(rewriter.replace_input(ab, a, x), 1);
  EXPECT_TRUE(rewriter.changed());
  EXPECT_GT(program.version(), version);
  EXPECT_THAT(a.consumers(), IsEmpty());
  EXPECT_THAT(x.consumers(), ElementsAre(&xa, &ab));
}

TEST_F(RewriterTest, ReplaceAllUsesStartsAtAPosition) {
  block.append_op(relu(a, c));
  EXPECT_EQ(rewriter.replace_all_uses(a, x, 2), 1);
  EXPECT_THAT(a.consumers(), ElementsAre(&ab));
  EXPECT_EQ(rewriter.replace_all_uses(a, x), 1);
  EXPECT_THAT(a.consumers(), IsEmpty());
}

TEST_F(RewriterTest, SetOutputRelinksTheProducer) {
  rewriter.set_output(ab, "Out", {&c});
  EXPECT_THAT(b.producers(), IsEmpty());
  EXPECT_EQ(c.producer(), &ab);
}

TEST_F(RewriterTest, UnusedVarsGoButDataAndPersistablesStay) {
  block.add_var("w", DType::Float32, {1}, {.is_persistable = true});
  rewriter.remove_unused_vars();
  EXPECT_EQ(block.find_var("c"), nullptr);
  EXPECT_NE(block.find_var("w"), nullptr);
  EXPECT_NE(block.find_var("x"), nullptr);
  rewriter.remove_unused_vars(/*also_persistable=*/true);
  EXPECT_EQ(block.find_var("w"), nullptr);
}

TEST_F(RewriterTest, RemovingAUsedVarIsAnError) {
  try {
    rewriter.remove_var(a);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("Var 'a' is still used"));
  }
}

}  // namespace
}  // namespace intact
