#include <gtest/gtest.h>

#include <cmath>

#include "intact/ir/text.h"
#include "intact/passes/passes.h"
#include "support/check_pass.h"

namespace intact {
namespace {

const std::string kVars = R"(
  var %g: float32[3] persistable parameter
  var %h: float32[3] persistable parameter
  var %m: float32[3] persistable stop_gradient
  var %v: float32[3] persistable stop_gradient
)";
std::string batch_norm(const std::string& attrs) {
  return "Y=%y, MeanOut=%m, VarianceOut=%v, SavedMean=%sm, SavedVariance=%sv = batch_norm(X=%x, "
         "Scale=%g, Bias=%h, Mean=%m, Variance=%v) {epsilon=0.25, " +
         attrs + "}\n";
}
const std::string kImages = "var %x: float32[-1,3,4,4] data\n";
const std::string kText = kImages + kVars + batch_norm("is_test=true") + "Out=%r = relu(X=%y)\n";

class WriteBatchNormOut : public ::testing::Test {
 protected:
  PassUnderTest in(const std::string& text) {
    scope = make_scope(text);
    return [this](Program& program) { return write_batch_norm_out(program, scope); };
  }
  void expect_skip(const std::string& text, const std::string& reason) {
    check_skips(text, in(text), "batch_norm 'y'", reason);
  }

  Scope scope;
};

TEST_F(WriteBatchNormOut, MultipliesAndAdds) {
  const PassUnderTest pass = in(kText);
  check_pass(kText, pass, kImages + R"(
    var %y.a: float32[3,1,1] persistable stop_gradient
    var %y.b: float32[3,1,1] persistable stop_gradient
    Out=%y.scaled = elementwise_mul(X=%x, Y=%y.a)
    Out=%y = elementwise_add(X=%y.scaled, Y=%y.b)
    Out=%r = relu(X=%y)
  )");
  for (size_t c = 0; c < 3; ++c) {
    const auto at = [&](const char* name) { return scope.get(name).values<float>()[c]; };
    const double a = at("g") / std::sqrt(double{at("v")} + 0.25);
    EXPECT_EQ(at("y.a"), static_cast<float>(a));
    EXPECT_EQ(at("y.b"), static_cast<float>(at("h") - a * at("m")));
  }
}

TEST_F(WriteBatchNormOut, LeavesConstantsOfOthers) {
  const std::string text = "var %other: float32[2] persistable parameter\n" + kText;
  Program program = parse_program(text);
  EXPECT_EQ(in(text)(program).changed, 1);
  EXPECT_NE(program.block().find_var("other"), nullptr);
  EXPECT_EQ(program.block().find_var("g"), nullptr);
}

TEST_F(WriteBatchNormOut, KeepsTheNumbers) {
  // A product and a sum of float32 for a difference, a quotient, a product and a sum.
  check_same_numbers(kText, in(kText), {"y"}, scope, 1e-6);
  const std::string rows = "var %x: float32[-1,3] data\n" + kVars + batch_norm("is_test=true");
  check_same_numbers(rows, in(rows), {"y"}, scope, 1e-6);
  const std::string global = kImages + kVars + batch_norm("use_global_stats=true");
  check_same_numbers(global, in(global), {"y"}, scope, 1e-6);
}

TEST_F(WriteBatchNormOut, KeepsWhatIsSaidAboutTheOp) {
  const std::string text =
      kImages + kVars + batch_norm("is_test=true, skip_quant=true, ?Y0_threshold=2.5");
  Program program = parse_program(text);
  EXPECT_EQ(in(text)(program).changed, 1);
  const Op& add = *program.var("y").producer();
  EXPECT_EQ(add.attr<float>("Out0_threshold"), 2.5f);
  EXPECT_TRUE(add.attr<bool>("skip_quant"));
}

TEST_F(WriteBatchNormOut, Skips) {
  expect_skip(kImages + kVars + batch_norm("is_test=false"), "batch_norm is in training mode");
  expect_skip(kImages + kVars + batch_norm("is_test=true, trainable_statistics=true"),
              "batch_norm is in training mode");
  expect_skip(kText + "Out=%z = relu(X=%sm)\n", "its saved statistics are read");
  const PassUnderTest pass = in(kText);
  scope.erase("v");
  check_skips(kText,
              pass,
              "batch_norm 'y'",
              "its scale, bias, mean or variance is not a float32 constant in the scope");
}

}  // namespace
}  // namespace intact
