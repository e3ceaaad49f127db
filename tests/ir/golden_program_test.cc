// The core on Programs we did not build: the models Paddle wrote.
#include <gtest/gtest.h>

#include <algorithm>

#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "intact/passes/passes.h"
#include "support/check_op.h"
#include "support/data_path.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

class GoldenProgram : public ::testing::TestWithParam<std::string> {
 protected:
  InferenceModel model = load_inference_model(data_path(GetParam()));
};

TEST_P(GoldenProgram, PrintsAndParsesIdentically) {
  const std::string text = to_text(model.program);
  EXPECT_EQ(to_text(parse_program(text)), text);
}

TEST_P(GoldenProgram, IsValidAndStaysSo) {
  verify(model.program);
  run_pipeline(model.program, inference_pipeline(model.scope, model.fetches), {.verify = true});
  verify(model.program);
}

TEST_P(GoldenProgram, KeepsItsNumbersThroughTheInferencePipeline) {
  TensorMap feeds;
  for (const std::string& name : model.feeds) {
    const Var& var = model.program.var(name);
    std::vector<int64_t> dims = var.shape().dims();
    std::replace(dims.begin(), dims.end(), int64_t{-1}, int64_t{2});
    feeds[name] = random_tensor(Shape(dims), 1).cast(var.dtype());
  }
  const auto want = interpret(model.program, feeds, model.fetches, model.scope);
  run_pipeline(model.program, inference_pipeline(model.scope, model.fetches));
  const auto got = interpret(model.program, feeds, model.fetches, model.scope);
  for (size_t i = 0; i < want.size(); ++i) {
    // Folding rounds a weight once more; some 30 layers of it.
    expect_close(got[i], want[i], 1e-5, model.fetches[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         GoldenProgram,
                         ::testing::Values("lenet/float",
                                           "lenet/qat_v1",
                                           "lenet/qat_v1_int8",
                                           "lenet/qat_v1_range_absmax",
                                           "lenet/qat_v2",
                                           "mobilenet_s0125/float",
                                           "mobilenet_s0125/qat_v1",
                                           "mobilenet_s0125/qat_v2",
                                           "zoo/mbv2_tiny",
                                           "zoo/resnet_tiny",
                                           "zoo/mbv2_tiny_v1",
                                           "zoo/resnet_tiny_v2",
                                           "zoo/bert_tiny_v1"),
                         [](const auto& model) {
                           std::string name = model.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

}  // namespace
}  // namespace intact
