// The core on whole Programs: every model of the zoo with its backward pass and optimizer.
#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/models/registry.h"
#include "intact/nn/program_guard.h"
#include "intact/passes/passes.h"
#include "intact/train/optimizer.h"

namespace intact {
namespace {

class ZooProgram : public ::testing::TestWithParam<std::string> {
 protected:
  ZooProgram() {
    ProgramGuard guard(main, startup);
    Var& image = nn::data("image", {-1, 3, 64, 64});
    Var& logits = nn::build_model(GetParam(), image, {.class_dim = 10});
    output = logits.name();
    Var& loss = nn::cross_entropy(logits, nn::data("label", {-1, 1}, DType::Int64));
    Momentum({.learning_rate = 0.01f}).minimize(loss);
  }

  Program main;
  Program startup;
  std::string output;
};

TEST_P(ZooProgram, PrintsAndParsesIdentically) {
  for (const Program* program : {&main, &startup}) {
    const std::string text = to_text(*program);
    EXPECT_EQ(to_text(parse_program(text)), text);
  }
  const PrintOptions terse = {.with_defaults = false, .with_temporaries = false};
  const Program test = main.clone_for_test();
  EXPECT_EQ(to_text(parse_program(to_text(test, terse)), terse), to_text(test, terse));
}

TEST_P(ZooProgram, IsValid) {
  verify(main);
  verify(startup);
  verify(main.clone_for_test());
  verify(main.prune({"image"}, {output}));
}

TEST_P(ZooProgram, EveryBatchNormOfTheInferenceProgramFolds) {
  Program test = main.clone_for_test().prune({"image"}, {output});
  Scope scope;
  for (const Var* var : test.block().vars()) {
    if (var->is_persistable()) {
      scope.set(var->name(), Tensor(var->dtype(), var->shape()));
    }
  }
  run_pipeline(test, inference_pipeline(scope, {output}), {.verify = true});
  for (const Op* op : test.ops()) {
    EXPECT_NE(op->type(), "batch_norm") << op->label();
    EXPECT_NE(op->type(), "dropout") << op->label();
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         ZooProgram,
                         ::testing::ValuesIn(nn::model_names()),
                         [](const auto& model) { return model.param; });

}  // namespace
}  // namespace intact
