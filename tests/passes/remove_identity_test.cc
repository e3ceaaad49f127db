#include <gtest/gtest.h>

#include "intact/passes/passes.h"
#include "support/check_pass.h"

namespace intact {
namespace {

constexpr const char* kChain = R"(
  var %x: float32[-1,4] data
  Out=%a = assign(X=%x)
  Out=%b = scale(X=%a) {scale=1}
  Out=%c = scale(X=%b) {scale=2}
  Out=%y = relu(X=%c)
)";

TEST(RemoveIdentity, RemovesAssignAndScaleByOne) {
  const PassReport report = check_pass(kChain, remove_identity, R"(
    var %x: float32[-1,4] data
    Out=%c = scale(X=%x) {scale=2}
    Out=%y = relu(X=%c)
  )");
  EXPECT_EQ(report.changed, 2);
  EXPECT_EQ(report.reason("scale 'c'"), "scale changes its input");
}

TEST(RemoveIdentity, EveryReaderGetsTheInput) {
  check_pass(R"(
    var %x: float32[-1,4] data
    Out=%a = assign(X=%x)
    Out=%y = relu(X=%a)
    Out=%z = sum(X=[%a, %x, %a])
  )",
             remove_identity,
             R"(
    var %x: float32[-1,4] data
    Out=%y = relu(X=%x)
    Out=%z = sum(X=[%x, %x, %x])
  )");
}

TEST(RemoveIdentity, RemovesDropoutThatOnlyScalesInTraining) {
  check_pass(R"(
    var %x: float32[-1,4] data
    Out=%a, Mask=%mask = dropout(X=%x) {dropout_implementation="upscale_in_train", is_test=true}
    Out=%y = relu(X=%a)
  )",
             remove_identity,
             R"(
    var %x: float32[-1,4] data
    Out=%y = relu(X=%x)
  )");
}

TEST(RemoveIdentity, KeepsOtherDropouts) {
  check_skips(R"(
    var %x: float32[-1,4] data
    Out=%a, Mask=%mask = dropout(X=%x) {dropout_implementation="upscale_in_train"}
    Out=%y = relu(X=%a)
  )",
              remove_identity,
              "dropout 'a'",
              "dropout is in training mode");
  check_skips(R"(
    var %x: float32[-1,4] data
    Out=%a, Mask=%mask = dropout(X=%x) {is_test=true}
    Out=%y = relu(X=%a)
  )",
              remove_identity,
              "dropout 'a'",
              "dropout scales its input in test mode");
}

TEST(RemoveIdentity, KeepsADropoutWhoseMaskIsRead) {
  check_skips(R"(
    var %x: float32[-1,4] data
    Out=%a, Mask=%mask = dropout(X=%x) {dropout_implementation="upscale_in_train", is_test=true}
    Out=%y = relu(X=%a)
    Out=%m = cast(X=%mask) {in_dtype=20, out_dtype=5}
  )",
              remove_identity,
              "dropout 'a'",
              "another of its outputs is read");
}

TEST(RemoveIdentity, KeepsABias) {
  check_skips(R"(
    var %x: float32[-1,4] data
    Out=%a = scale(X=%x) {bias=1}
    Out=%y = relu(X=%a)
  )",
              remove_identity,
              "scale 'a'",
              "scale changes its input");
}

TEST(RemoveIdentity, KeepsAResult) {
  check_skips("var %x: float32[-1,4] data\nOut=%y = assign(X=%x)",
              remove_identity,
              "assign 'y'",
              "no op reads its output, which may be fetched");
}

TEST(RemoveIdentity, KeepsAFetchedName) {
  check_skips(R"(
    var %x: float32[-1,4] data
    var %list: float32[] fetch_list
    Out=%y = assign(X=%x)
    Out=%list = fetch(X=%y) {col=0}
  )",
              remove_identity,
              "assign 'y'",
              "its output is fetched by name");
}

TEST(RemoveIdentity, KeepsAPersistableCopy) {
  check_skips(R"(
    var %x: float32[-1,4] data
    var %copy: float32[-1,4] persistable
    Out=%copy = assign(X=%x)
    Out=%y = relu(X=%copy)
  )",
              remove_identity,
              "assign 'copy'",
              "its output is persistable");
}

TEST(RemoveIdentity, KeepsTheOldValueOfWhatIsUpdated) {
  check_skips(R"(
    var %w: float32[4] persistable
    Out=%old = assign(X=%w)
    Out=%w = scale(X=%w) {scale=2}
    Out=%y = sum(X=[%old, %w])
  )",
              remove_identity,
              "assign 'old'",
              "its input is updated while the output keeps the value");
}

TEST(RemoveIdentity, KeepsWhatIsWrittenTwice) {
  check_skips(R"(
    var %x: float32[-1,4] data
    Out=%a = relu(X=%x)
    Out=%b = assign(X=%a)
    Out=%a = relu(X=%x)
    Out=%y = sum(X=[%a, %b])
  )",
              remove_identity,
              "assign 'b'",
              "its input or output is written several times");
}

TEST(RemoveIdentity, KeepsTheNumbers) {
  Scope scope;
  check_same_numbers(kChain, remove_identity, {"y"}, scope, 0);
}

}  // namespace
}  // namespace intact
