#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/passes/passes.h"
#include "support/check_pass.h"

namespace intact {
namespace {

using ::testing::HasSubstr;

const std::string kStatistics = R"(
  var %g: float32[4] persistable parameter
  var %beta: float32[4] persistable parameter
  var %m: float32[4] persistable stop_gradient
  var %v: float32[4] persistable stop_gradient
)";

/// The op list of batch_norm of `x` into %y.
std::string batch_norm(const std::string& x, const std::string& mode = "is_test=true") {
  return "Y=%y, MeanOut=%m, VarianceOut=%v, SavedMean=%sm, SavedVariance=%sv = "
         "batch_norm(X=%" +
         x + ", Scale=%g, Bias=%beta, Mean=%m, Variance=%v) {" + mode + ", epsilon=0.25}\n";
}

const std::string kInput = "var %x: float32[-1,3,5,5] data\n";
const std::string kFilter = "var %w: float32[4,3,3,3] persistable parameter\n";
const std::string kConv = "Output=%c = conv2d(Input=%x, Filter=%w) {strides=[2,2]}\n";
const std::string kConvNorm = kInput + kFilter + kStatistics + kConv + batch_norm("c");

class FoldBatchNorm : public ::testing::Test {
 protected:
  PassUnderTest in(const std::string& text) {
    scope = make_scope(text);
    return [this](Program& program) { return fold_batch_norm(program, scope); };
  }
  void expect_skip(const std::string& text, const std::string& reason) {
    check_skips(text, in(text), "batch_norm 'y'", reason);
  }

  Scope scope;
};

TEST_F(FoldBatchNorm, ConvolutionGetsAFoldedWeightAndABias) {
  const PassUnderTest pass = in(kConvNorm);
  const Tensor weight = scope.get("w").clone();
  const PassReport report = check_pass(kConvNorm, pass, kInput + R"(
    var %w_folded_0: float32[4,3,3,3] persistable stop_gradient
    var %beta_folded_0: float32[4] persistable stop_gradient
    Output=%c = conv2d(Input=%x, Filter=%w_folded_0) {strides=[2,2]}
    Out=%y = elementwise_add(X=%c, Y=%beta_folded_0) {axis=1}
  )");
  EXPECT_EQ(report.changed, 1);
  EXPECT_TRUE(scope.get("w").identical(weight)) << "the weight itself stays";
  // One element by hand: the first of channel 2.
  const double a =
      scope.get("g").values<float>()[2] / std::sqrt(scope.get("v").values<float>()[2] + 0.25);
  EXPECT_EQ(scope.get("w_folded_0").values<float>()[2 * 27],
            static_cast<float>(weight.values<float>()[2 * 27] * a));
  EXPECT_EQ(scope.get("beta_folded_0").values<float>()[2],
            static_cast<float>(scope.get("beta").values<float>()[2] -
                               scope.get("m").values<float>()[2] * a));
}

TEST_F(FoldBatchNorm, ABiasInBetweenIsFoldedToo) {
  const std::string text = kInput + kFilter + kStatistics +
                           "var %b: float32[4] persistable parameter\n" + kConv +
                           "Out=%d = elementwise_add(X=%c, Y=%b) {axis=1}\n" + batch_norm("d");
  check_pass(text, in(text), kInput + R"(
    var %w_folded_0: float32[4,3,3,3] persistable stop_gradient
    var %b_folded_0: float32[4] persistable stop_gradient
    Output=%c = conv2d(Input=%x, Filter=%w_folded_0) {strides=[2,2]}
    Out=%y = elementwise_add(X=%c, Y=%b_folded_0) {axis=1}
  )");
  // Folding rounds each weight to float once more: 27 products, relative 6e-8 each.
  check_same_numbers(text, in(text), {"y"}, scope, 1e-6);
}

TEST_F(FoldBatchNorm, KeepsTheNumbersOfAllThreeWeightedOps) {
  check_same_numbers(kConvNorm, in(kConvNorm), {"y"}, scope, 1e-6);
  const std::string depthwise =
      "var %x: float32[-1,4,5,5] data\nvar %w: float32[4,1,3,3] persistable parameter\n" +
      kStatistics + "Output=%c = depthwise_conv2d(Input=%x, Filter=%w) {groups=4}\n" +
      batch_norm("c");
  check_same_numbers(depthwise, in(depthwise), {"y"}, scope, 1e-6);
  const std::string fully_connected =
      "var %x: float32[-1,6] data\nvar %w: float32[6,4] persistable parameter\n"
      "var %b: float32[4] persistable parameter\n" +
      kStatistics + "Out=%c = mul(X=%x, Y=%w)\nOut=%d = elementwise_add(X=%c, Y=%b)\n" +
      batch_norm("d");
  check_same_numbers(fully_connected, in(fully_connected), {"y"}, scope, 1e-6);
}

TEST_F(FoldBatchNorm, SkipsTrainingMode) {
  const std::string reason = "batch_norm is in training mode";
  expect_skip(kInput + kFilter + kStatistics + kConv + batch_norm("c", "is_test=false"), reason);
  expect_skip(kInput + kFilter + kStatistics + kConv +
                  batch_norm("c", "is_test=true, trainable_statistics=true"),
              reason);
}

TEST_F(FoldBatchNorm, SkipsASharedWeight) {
  expect_skip(kConvNorm + "Output=%z = conv2d(Input=%x, Filter=%w)\n",
              "weight 'w' is read by other ops too");
}

TEST_F(FoldBatchNorm, SkipsAComputedOrMissingWeight) {
  const std::string computed =
      kInput + kStatistics + "var %w: float32[4,3,3,3] data\n" + kConv + batch_norm("c");
  expect_skip(computed, "weight 'w' is not a float32 constant in the scope");
  const PassUnderTest pass = in(kConvNorm);
  scope.erase("w");
  check_skips(
      kConvNorm, pass, "batch_norm 'y'", "weight 'w' is not a float32 constant in the scope");
}

TEST_F(FoldBatchNorm, SkipsAConvolutionReadElsewhere) {
  expect_skip(kConvNorm + "Out=%z = relu(X=%c)\n", "'c' is read by other ops too");
}

TEST_F(FoldBatchNorm, SkipsStatisticsThatAreMissingOrRead) {
  expect_skip(kConvNorm + "Out=%z = relu(X=%sm)\n", "its saved statistics are read");
  const PassUnderTest pass = in(kConvNorm);
  scope.erase("v");
  check_skips(kConvNorm,
              pass,
              "batch_norm 'y'",
              "its scale, bias, mean or variance is not a float32 constant in the scope");
}

TEST_F(FoldBatchNorm, SkipsAnAddThatIsNoBias) {
  const std::string text = kInput + kFilter + kStatistics + "var %r: float32[-1,4,2,2] data\n" +
                           kConv + "Out=%d = elementwise_add(X=%c, Y=%r)\n" + batch_norm("d");
  expect_skip(text, "elementwise_add 'd' does not add a constant to each channel");
  const std::string per_column = kInput + kFilter + kStatistics +
                                 "var %b: float32[2] persistable\n" + kConv +
                                 "Out=%d = elementwise_add(X=%c, Y=%b)\n" + batch_norm("d");
  expect_skip(per_column, "elementwise_add 'd' does not add a constant to each channel");
}

TEST_F(FoldBatchNorm, SkipsABiasedResultReadElsewhere) {
  const std::string text =
      kInput + kFilter + kStatistics + "var %b: float32[4] persistable parameter\n" + kConv +
      "Out=%d = elementwise_add(X=%c, Y=%b) {axis=1}\n" + batch_norm("d") + "Out=%z = relu(X=%d)\n";
  expect_skip(text, "'d' is read by other ops too");
}

TEST_F(FoldBatchNorm, SkipsAMulWhoseChannelsAreNotTheSecondDimension) {
  const std::string text =
      "var %x: float32[-1,4,6] data\nvar %w: float32[6,4] persistable parameter\n" + kStatistics +
      "Out=%c = mul(X=%x, Y=%w) {x_num_col_dims=2}\n" + batch_norm("c");
  expect_skip(text, "the output channels of mul 'c' are not its second dimension");
}

TEST_F(FoldBatchNorm, NeverReusesANameOfTheScope) {
  const PassUnderTest pass = in(kConvNorm);
  scope.set("w_folded_0", Tensor::scalar(7.0f));
  check_pass(kConvNorm, pass, kInput + R"(
    var %w_folded_1: float32[4,3,3,3] persistable stop_gradient
    var %beta_folded_0: float32[4] persistable stop_gradient
    Output=%c = conv2d(Input=%x, Filter=%w_folded_1) {strides=[2,2]}
    Out=%y = elementwise_add(X=%c, Y=%beta_folded_0) {axis=1}
  )");
  EXPECT_EQ(scope.get("w_folded_0").data<float>()[0], 7.0f);
}

}  // namespace
}  // namespace intact
