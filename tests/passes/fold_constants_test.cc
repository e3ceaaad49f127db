#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "intact/passes/passes.h"
#include "support/check_pass.h"

namespace intact {
namespace {

constexpr const char* kScaledBias = R"(
  var %x: float32[-1,3] data
  var %b: float32[3] persistable parameter
  Out=%k = scale(X=%b) {scale=2}
  Out=%one = fill_constant() {shape=[3], value=1}
  Out=%k1 = elementwise_add(X=%k, Y=%one)
  Out=%y = elementwise_add(X=%x, Y=%k1)
)";

TEST(FoldConstants, ComputesAChainAndPutsTheValueIntoTheScope) {
  Scope scope;
  scope.set("b", Tensor::from<float>({3}, {1, 2, 3}));
  const PassReport report = check_pass(
      kScaledBias,
      [&](Program& program) { return fold_constants(program, scope); },
      R"(
    var %x: float32[-1,3] data
    var %b: float32[3] persistable parameter
    var %k: float32[3] persistable
    var %one: float32[3] persistable
    var %k1: float32[3] persistable
    Out=%y = elementwise_add(X=%x, Y=%k1)
  )");
  EXPECT_EQ(report.changed, 3);
  EXPECT_TRUE(scope.get("k1").identical(Tensor::from<float>({3}, {3, 5, 7})));
}

TEST(FoldConstants, LeavesWhatIsUpdatedAlone) {
  const char* text = R"(
    var %x: float32[3] data
    var %b: float32[3] persistable
    Out=%k = scale(X=%b) {scale=2}
    Out=%b = elementwise_add(X=%x, Y=%k)
  )";
  Scope scope = make_scope(text);
  EXPECT_EQ(check_pass(
                text, [&](Program& program) { return fold_constants(program, scope); }, text)
                .changed,
            0);
}

TEST(FoldConstants, SkipsAMissingValue) {
  Scope scope;
  check_skips(
      "var %b: float32[3] persistable\nOut=%k = scale(X=%b)",
      [&](Program& program) { return fold_constants(program, scope); },
      "scale 'k'",
      "its input 'b' is not in the scope");
}

TEST(FoldConstants, SkipsANameTheScopeHasAlready) {
  Scope scope;
  scope.set("b", Tensor::from<float>({3}, {1, 2, 3}));
  scope.set("k", Tensor::scalar(1.0f));
  check_skips(
      "var %b: float32[3] persistable\nOut=%k = scale(X=%b)",
      [&](Program& program) { return fold_constants(program, scope); },
      "scale 'k'",
      "the scope holds another tensor called 'k'");
  EXPECT_EQ(scope.get("k").numel(), 1);
}

TEST(FoldConstants, SkipsWhatDiffersFromRunToRun) {
  const char* text = R"(
    var %w: float32[3] persistable
    Out=%k, Mask=%mask = dropout(X=%w)
  )";
  Scope scope = make_scope(text);
  check_skips(
      text,
      [&](Program& program) { return fold_constants(program, scope); },
      "dropout 'k'",
      "it draws random numbers");
}

TEST(FoldConstants, KeepsTheNumbers) {
  Scope scope = make_scope(kScaledBias);
  check_same_numbers(
      kScaledBias,
      [&](Program& program) { return fold_constants(program, scope); },
      {"y"},
      scope,
      0);
}

}  // namespace
}  // namespace intact
