#include "intact/passes/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/ir/rewriter.h"
#include "intact/ir/text.h"
#include "intact/passes/passes.h"

namespace intact {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Pipeline : public ::testing::Test {
 protected:
  Pass marking(const std::string& name) {
    return {name, [this, name](Program& program) {
              order.push_back(name);
              program.ops()[0]->set_attr("op_device", name);
              return PassReport{.changed = 1};
            }};
  }
  template <class Action>
  static std::string error_of(ErrorCode code, const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return error.what();
    }
    return "no error";
  }

  std::vector<std::string> order;
  Program program = parse_program("var %x: float32[4] data\nOut=%y = relu(X=%x)");
};

TEST_F(Pipeline, RunsInOrderWithNamedAndTimedReports) {
  const auto reports = run_pipeline(program, {marking("one"), marking("two")});
  EXPECT_THAT(order, ElementsAre("one", "two"));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].name, "two");
  EXPECT_EQ(reports[1].changed, 1);
  EXPECT_GT(reports[1].seconds, 0);
}

TEST_F(Pipeline, LeavesOutDisabledPasses) {
  const auto reports =
      run_pipeline(program, {marking("one"), marking("two")}, {.disabled_passes = {"one"}});
  EXPECT_THAT(order, ElementsAre("two"));
  EXPECT_EQ(reports.size(), 1u);
}

TEST_F(Pipeline, AnUnknownDisabledPassNamesTheNearest) {
  EXPECT_THAT(
      error_of(ErrorCode::InvalidArgument,
               [&] { run_pipeline(program, {marking("one")}, {.disabled_passes = {"onne"}}); }),
      HasSubstr("there is no pass 'onne', the nearest is 'one'"));
  EXPECT_TRUE(order.empty());
}

TEST_F(Pipeline, TheVerifierNamesThePassThatBrokeTheProgram) {
  const Pass breaking = {"breaking", [](Program& broken) {
                           broken.var("y").set_shape({5});
                           return PassReport{};
                         }};
  EXPECT_THAT(error_of(ErrorCode::InvalidArgument,
                       [&] {
                         run_pipeline(program, {marking("one"), breaking}, {.verify = true});
                       }),
              AllOf(HasSubstr("pass breaking: relu 'y'"), HasSubstr("float32[5]")));
  program.var("y").set_shape({4});
  EXPECT_NO_THROW(run_pipeline(program, {breaking}, {.verify = false}));
}

TEST_F(Pipeline, AnErrorOfAPassGetsItsName) {
  const Pass failing = {"failing", [](Program& failed) -> PassReport {
                          failed.var("z");
                          return {};
                        }};
  EXPECT_THAT(error_of(ErrorCode::NotFound, [&] { run_pipeline(program, {failing}); }),
              HasSubstr("pass failing: program: no Var 'z'"));
}

TEST_F(Pipeline, DumpSeesTheTextBeforeAndAfter) {
  std::vector<std::string> seen;
  run_pipeline(
      program,
      {marking("one")},
      {.dump = [&](const PassReport& report, const std::string& before, const std::string& after) {
        seen = {report.name, before, after};
      }});
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0], "one");
  EXPECT_EQ(seen[1].find("op_device"), std::string::npos);
  EXPECT_THAT(seen[2], HasSubstr("{op_device=\"one\"}"));
}

TEST_F(Pipeline, InferencePipelineNamesItsPassesAndRuns) {
  Scope scope;
  Program long_program = parse_program(R"(
    var %x: float32[4] data
    Out=%one = fill_constant() {shape=[4], value=1}
    Out=%a = assign(X=%x)
    Out=%y = elementwise_add(X=%a, Y=%one)
    Out=%dead = relu(X=%y)
  )");
  const auto reports =
      run_pipeline(long_program, inference_pipeline(scope, {"y"}), {.verify = true});
  std::vector<std::string> names;
  for (const PassReport& report : reports) {
    names.push_back(report.name);
  }
  EXPECT_THAT(
      names,
      ElementsAre("remove_dead_ops", "remove_identity", "fold_constants", "fold_batch_norm"));
  EXPECT_EQ(to_text(long_program, {.with_defaults = false, .with_temporaries = false}),
            "var %x: float32[4] data\n"
            "var %one: float32[4] persistable\n"
            "Out=%y = elementwise_add(X=%x, Y=%one)\n");
}

}  // namespace
}  // namespace intact
