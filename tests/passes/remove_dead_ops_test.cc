#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "intact/passes/passes.h"
#include "support/check_pass.h"

namespace intact {
namespace {

PassUnderTest for_targets(std::vector<std::string> targets) {
  return [targets = std::move(targets)](Program& program) {
    return remove_dead_ops(program, targets);
  };
}

constexpr const char* kForked = R"(
  var %x: float32[-1,4] data
  Out=%a = relu(X=%x)
  Out=%b = scale(X=%x)
  Out=%c = scale(X=%b)
)";

TEST(RemoveDeadOps, KeepsTheTargetsAndWhatTheyRead) {
  const PassReport report = check_pass(kForked, for_targets({"a"}), R"(
    var %x: float32[-1,4] data
    Out=%a = relu(X=%x)
  )");
  EXPECT_EQ(report.changed, 2);
  check_pass(kForked, for_targets({"c"}), R"(
    var %x: float32[-1,4] data
    Out=%b = scale(X=%x)
    Out=%c = scale(X=%b)
  )");
}

TEST(RemoveDeadOps, KeepsWritersOfPersistablesAndFetchLists) {
  const char* text = R"(
    var %x: float32[-1,4] data
    var %state: float32[-1,4] persistable
    var %list: float32[] persistable fetch_list
    Out=%a = relu(X=%x)
    Out=%state = scale(X=%x)
    Out=%list = fetch(X=%a) {col=0}
  )";
  EXPECT_EQ(check_pass(text, for_targets({}), text).changed, 0);
}

TEST(RemoveDeadOps, KeepsAnOpWithABlock) {
  const char* text = R"(
    var %x: float32[-1,4] data
    Out=%a = relu(X=%x) {?sub_block=block(1)}
    block 1 parent 0
  )";
  EXPECT_EQ(check_pass(text, for_targets({}), text).changed, 0);
}

TEST(RemoveDeadOps, AnUnknownTargetIsAnError) {
  Program program = parse_program(kForked);
  EXPECT_THROW(remove_dead_ops(program, {"d"}), Error);
}

TEST(RemoveDeadOps, KeepsTheNumbers) {
  Scope scope;
  check_same_numbers(kForked, for_targets({"c"}), {"c"}, scope, 0);
}

}  // namespace
}  // namespace intact
