#include "intact/quant/quant_post_dynamic.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "intact/data/npy.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/runtime/executor.h"
#include "quant/passes/passes.h"
#include "support/check_op.h"
#include "support/check_pass.h"
#include "support/data_path.h"
#include "support/expect_error.h"

namespace intact {
namespace {

const std::string kGolden = "ptq_lenet/dynamic_quantized_model";
const std::vector<std::string> kWeights = {"c1.w_0", "c2.w_0", "fc.w_0"};

TEST(QuantPostDynamic, CodesAndStepsArePaddlesBitForBit) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const InferenceModel paddle = load_inference_model(data_path(kGolden));
  const InferenceModel paddle_test =
      load_inference_model(data_path("ptq_lenet/dynamic_test_model"));
  const QuantPostDynamic ours =
      quant_post_dynamic(model.program, {.generate_test_model = true, .scope = &model.scope});
  EXPECT_EQ(ours.report.changed, 3);
  for (const std::string& name : kWeights) {
    EXPECT_TRUE(ours.scope.get(name).identical(paddle.scope.get(name))) << name;
    // Paddle multiplies in double with the step it had before it was stored as float32.
    expect_close(ours.test_scope->get(name), paddle_test.scope.get(name), 1e-7, name);
    const Op& op = *ours.program.var(name).consumers().front();
    const Op& theirs = *paddle.program.var(name).consumers().front();
    for (const std::string& attribute : {name + "_quant_scale",
                                         std::string("quantization_type"),
                                         std::string("quantize_weight_bits"),
                                         std::string("with_quant_attr")}) {
      EXPECT_EQ(op.attrs().at(attribute), theirs.attrs().at(attribute)) << name << attribute;
    }
  }
  EXPECT_TRUE(ours.scope.get("c1.b_0").identical(model.scope.get("c1.b_0")));
}

// Paddle itself cannot run the integer model; here it computes what the test model does.
TEST(QuantPostDynamic, IntegerModelComputesPaddlesTestOutput) {
  const Tensor want = load_npy(data_path("ptq_lenet/dynamic_test_model_out.npy"));
  const TensorMap feeds = {{"image", load_npy(data_path("lenet/input.npy"))}};
  InferenceModel paddle = load_inference_model(data_path(kGolden));
  // Probabilities; float32 sums in another order.
  expect_close(interpret(paddle.program, feeds, paddle.fetches, paddle.scope)[0], want, 1e-6);
  Executor executor;
  expect_close(executor.run(paddle.program, feeds, paddle.fetches, paddle.scope)[0], want, 1e-6);

  InferenceModel model = load_inference_model(data_path("lenet/float"));
  QuantPostDynamic ours =
      quant_post_dynamic(model.program, {.generate_test_model = true, .scope = &model.scope});
  expect_close(executor.run(ours.program, feeds, model.fetches, ours.scope)[0], want, 1e-6);
  expect_close(
      executor.run(*ours.test_program, feeds, model.fetches, *ours.test_scope)[0], want, 1e-6);
}

TEST(QuantPostDynamic, WeightsOfAFileBecomeFloatsAgain) {
  InferenceModel paddle = load_inference_model(data_path(kGolden));
  dequantize_weights(paddle.program, paddle.scope);
  const InferenceModel test = load_inference_model(data_path("ptq_lenet/dynamic_test_model"));
  for (const std::string& name : kWeights) {
    EXPECT_EQ(paddle.program.var(name).dtype(), DType::Float32);
    expect_close(paddle.scope.get(name), test.scope.get(name), 1e-7, name);
  }
}

TEST(QuantPostDynamic, WritesBothModels) {
  const std::string dir = testing::TempDir() + "/intact_dynamic";
  std::filesystem::remove_all(dir);
  const QuantPostDynamic ours =
      quant_post_dynamic(data_path("lenet/float"), dir, {.generate_test_model = true});
  const InferenceModel integers = load_inference_model(dir + "/quantized_model/model");
  const InferenceModel floats = load_inference_model(dir + "/test_model/model");
  EXPECT_EQ(integers.scope.get("fc.w_0").dtype(), DType::Int8);
  EXPECT_TRUE(integers.scope.get("fc.w_0").identical(ours.scope.get("fc.w_0")));
  EXPECT_TRUE(floats.scope.get("fc.w_0").identical(ours.test_scope->get("fc.w_0")));
  EXPECT_TRUE(read_file(dir + "/quantized_model/model.pdiparams") ==
              read_file(data_path(kGolden + ".pdiparams")));
  // The variable says float32, as Paddle's: the stored tensor decides.
  const Program raw =
      read_program(read_file(dir + "/quantized_model/model.pdmodel"), "quantized_model");
  EXPECT_EQ(raw.var("fc.w_0").dtype(), DType::Float32);
  std::filesystem::remove_all(dir);
}

TEST(QuantPostDynamic, SixteenBitsAndOneStep) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const QuantPostDynamic wide = quant_post_dynamic(
      model.program,
      {.weight_bits = 16, .weight_quantize_type = QuantizeType::AbsMax, .scope = &model.scope});
  EXPECT_EQ(wide.scope.get("fc.w_0").dtype(), DType::Int16);
  const Op& op = *wide.program.var("fc.w_0").consumers().front();
  EXPECT_EQ(op.attr<std::string>("quantization_type"), "post_weight_abs_max");
  EXPECT_EQ(op.attr<Floats>("fc.w_0_quant_scale").size(), 1u);
  Scope scope = wide.scope.clone();
  Scope float_scope = model.scope.clone();
  const TensorMap feeds = {{"image", load_npy(data_path("lenet/input.npy"))}};
  // 16 bits: an error of 1/65534 of the largest weight, some dozens of weights a sum.
  expect_close(interpret(wide.program, feeds, model.fetches, scope)[0],
               interpret(model.program, feeds, model.fetches, float_scope)[0],
               1e-3);
}

const std::string kInput = "var %x: float32[-1,2] data\n";

// 1, 2, ..., 100 in two columns: the bin of 5000 that holds 90 ends at 90 + 100/5000.
TEST(QuantPostDynamic, ThresholdRateClipsTheLargest) {
  const Program program = parse_program(
      kInput + "var %w: float32[2,50] persistable parameter\nOut=%y = mul(X=%x, Y=%w)");
  std::vector<float> values(100);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i + 1);
  }
  Scope scope;
  scope.set("w", Tensor::from<float>({2, 50}, values));
  const QuantPostDynamic result = quant_post_dynamic(
      program,
      {.weight_quantize_type = QuantizeType::AbsMax, .threshold_rate = 0.1, .scope = &scope});
  const Op& op = *result.program.ops().front();
  EXPECT_NEAR(op.attr<Floats>("w_quant_scale")[0], (90 + 0.02) / 127, 1e-6);
  EXPECT_EQ(result.scope.get("w").values<int8_t>()[99], 127);
}

TEST(QuantPostDynamic, AChannelOfZerosHasCodesOfZero) {
  const Program program = parse_program(
      kInput + "var %w: float32[2,2] persistable parameter\nOut=%y = mul(X=%x, Y=%w)");
  Scope scope;
  scope.set("w", Tensor::from<float>({2, 2}, {0, 3, 0, -6}));
  QuantPostDynamic result = quant_post_dynamic(program, {.scope = &scope});
  const Tensor x = Tensor::from<float>({1, 2}, {1, 2});
  expect_close(interpret(result.program, {{"x", x}}, {"y"}, result.scope)[0],
               Tensor::from<float>({1, 2}, {0, -9}),
               0.02);
}

PassReport run_pass(Program& program, const std::string& text) {
  const QuantPostDynamicOptions options;
  Scope scope = make_scope(text);
  DynamicContext context{options, scope};
  return quantize_stored_weights(program, context);
}

void expect_skip(const std::string& text, const std::string& op, const std::string& reason) {
  check_skips(
      text, [&](Program& program) { return run_pass(program, text); }, op, reason);
}

TEST(QuantPostDynamic, SaysWhyAWeightStaysFloat) {
  expect_skip(kInput + "var %w: float32[2,2] data\nOut=%y = mul(X=%x, Y=%w)",
              "mul 'y'",
              "'w' is computed, not stored");
  expect_skip(kInput + "var %w: float64[2,2] persistable\nOut=%y = mul(X=%x, Y=%w)",
              "mul 'y'",
              "weight 'w' is float64, not float32");
  expect_skip(kInput + "var %w: float32[2,1,2] persistable\nOut=%y = mul(X=%x, Y=%w)",
              "mul 'y'",
              "weight 'w' is [2,1,2], not a matrix");
  expect_skip(kInput +
                  "var %w: float32[2,2] persistable\nOut=%y = mul(X=%x, Y=%w)\n"
                  "Out=%z = matmul_v2(X=%x, Y=%w)",
              "mul 'y'",
              "weight 'w' is also read by matmul_v2 'z', which needs floats");
}

TEST(QuantPostDynamic, RefusesWhatItCannotDo) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const auto expect_refused = [&](QuantPostDynamicOptions options,
                                  const std::vector<std::string>& parts) {
    options.scope = &model.scope;
    expect_error(
        ErrorCode::InvalidArgument, parts, [&] { quant_post_dynamic(model.program, options); });
  };
  expect_refused({.quantizable_op_type = {"matmul"}},
                 {"'matmul'", "conv2d, depthwise_conv2d, mul"});
  expect_refused({.weight_bits = 4}, {"weight_bits is 4", "8 or 16"});
  expect_refused({.weight_quantize_type = QuantizeType::RangeAbsMax}, {"'range_abs_max'"});
  expect_refused({.threshold_rate = 1e-6}, {"threshold_rate", "use abs_max"});
  Scope scope = model.scope.clone();
  scope.get("fc.w_0").data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  expect_error(ErrorCode::InvalidArgument, {"'fc.w_0' holds nan"}, [&] {
    quant_post_dynamic(model.program, {.scope = &scope});
  });
}

}  // namespace
}  // namespace intact
