#include "quant/op_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "passes/sign.h"

namespace intact {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Not;

TEST(OpSelection, DefaultsAreConvolutionsAndFullyConnected) {
  const OpSelection types = select_op_types({});
  EXPECT_THAT(types.with_weight, ElementsAre("conv2d", "depthwise_conv2d", "mul"));
  EXPECT_THAT(types.without_weight, ElementsAre("mul"));
}

TEST(OpSelection, BackendPresetsChooseOpsWithoutWeight) {
  const OpSelection mkldnn = select_op_types({.deploy_backend = DeployBackend::Mkldnn});
  EXPECT_THAT(mkldnn.with_weight, ElementsAre("conv2d", "depthwise_conv2d", "mul"));
  EXPECT_THAT(mkldnn.without_weight,
              IsSupersetOf({"pool2d", "elementwise_add", "elementwise_mul", "concat", "split"}));
  EXPECT_THAT(mkldnn.without_weight, Not(Contains("relu")));
  const OpSelection tensorrt = select_op_types({.deploy_backend = DeployBackend::TensorRt});
  EXPECT_THAT(tensorrt.without_weight, IsSupersetOf({"relu", "softmax", "matmul_v2", "clip"}));
  EXPECT_THAT(tensorrt.without_weight, Not(Contains("reshape2")));
  const OpSelection arm = select_op_types({.deploy_backend = DeployBackend::Arm});
  EXPECT_EQ(arm.without_weight, select_op_types({}).without_weight);
}

TEST(OpSelection, ForTensorRtReplacesTheTypes) {
  const OpSelection types =
      select_op_types({.quantize_op_types = {"softmax"}, .for_tensorrt = true});
  EXPECT_THAT(types.with_weight, ElementsAre("conv2d", "depthwise_conv2d", "mul"));
  EXPECT_THAT(types.without_weight, ElementsAre("elementwise_add", "leaky_relu", "mul", "pool2d"));
}

TEST(OpSelection, FullQuantizationTakesAllButSkippedTypes) {
  const OpSelection types = select_op_types(
      {.quantize_op_types = {}, .is_full_quantize = true, .skip_op_types = {"softmax", "conv2d"}});
  EXPECT_THAT(types.with_weight, IsSupersetOf({"depthwise_conv2d", "mul", "matmul_v2"}));
  EXPECT_THAT(types.with_weight, Not(Contains("conv2d")));
  EXPECT_THAT(types.without_weight, IsSupersetOf({"relu", "batch_norm", "reshape2"}));
  EXPECT_THAT(types.without_weight, Not(Contains("softmax")));
}

TEST(OpSelection, WeightAxisFollowsTheOp) {
  const Program program = parse_program(R"(
    var %x: float32[-1,4] data
    var %w: float32[3,4] persistable parameter
    var %v: float32[4,3] persistable parameter
    var %image: float32[-1,3,4,4] data
    var %filter: float32[2,3,1,1] persistable parameter
    Out=%a = matmul_v2(X=%x, Y=%w) {trans_y=true}
    Out=%b = matmul_v2(X=%x, Y=%v)
    Out=%c = mul(X=%x, Y=%v)
    Output=%d = conv2d(Input=%image, Filter=%filter)
  )");
  EXPECT_EQ(weight_axis(*program.var("a").producer()), 0);
  EXPECT_EQ(weight_axis(*program.var("b").producer()), 1);
  EXPECT_EQ(weight_axis(*program.var("c").producer()), 1);
  EXPECT_EQ(weight_axis(*program.var("d").producer()), 0);
}

TEST(Sign, FollowsTheOpsThatMakeATensor) {
  const Program program = parse_program(R"(
    var %x: float32[-1,2,4,4] data
    var %p: float32[-1,2,4,4] persistable
    var %i: int64[-1,2] data
    Out=%r = relu(X=%x)
    Out=%t = tanh(X=%r)
    Out=%pool = pool2d(X=%r) {ksize=[2,2], strides=[2,2], pooling_type="max"}
    Out=%flat, XShape=%s = reshape2(X=%pool) {shape=[-1,8]}
    Out=%sum = elementwise_add(X=%r, Y=%r)
    Out=%mixed = elementwise_add(X=%r, Y=%x)
    Out=%biased = elementwise_add(X=%r, Y=%p)
    Out=%difference = elementwise_sub(X=%r, Y=%r)
    Out=%f = cast(X=%i) {in_dtype=3, out_dtype=5}
    Out=%soft = softmax(X=%mixed)
  )");
  for (const char* name : {"r", "pool", "flat", "sum", "soft"}) {
    EXPECT_TRUE(is_non_negative(program.var(name))) << name;
  }
  for (const char* name : {"x", "t", "mixed", "biased", "difference", "f", "p"}) {
    EXPECT_FALSE(is_non_negative(program.var(name))) << name;
  }
}

}  // namespace
}  // namespace intact
