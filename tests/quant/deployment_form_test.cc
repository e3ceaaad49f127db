#include "intact/passes/deployment_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "intact/quant/convert.h"
#include "intact/quant/quant_aware.h"
#include "support/check_op.h"
#include "support/expect_error.h"
#include "support/quant_net.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

/// Convolutions with batch norms (one channel's Scale is negative, one is 0), relu, relu6, a
/// residual sum, a pool and a fully connected layer.
const char* const kNet = R"(
  var %x: float32[-1,3,8,8] data stop_gradient
  var %w1: float32[4,3,3,3] persistable parameter
  var %w2: float32[4,1,3,3] persistable parameter
  var %w3: float32[4,4,1,1] persistable parameter
  var %w4: float32[4,3] persistable parameter
  var %b4: float32[3] persistable parameter
  var %g1: float32[4] persistable parameter
  var %h1: float32[4] persistable parameter
  var %m1: float32[4] persistable stop_gradient
  var %v1: float32[4] persistable stop_gradient
  var %g2: float32[4] persistable parameter
  var %h2: float32[4] persistable parameter
  var %m2: float32[4] persistable stop_gradient
  var %v2: float32[4] persistable stop_gradient
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Y=%n1, MeanOut=%m1, VarianceOut=%v1, SavedMean=%s1, SavedVariance=%t1 = batch_norm(X=%c1, Scale=%g1, Bias=%h1, Mean=%m1, Variance=%v1) {is_test=true}
  Out=%r1 = relu(X=%n1)
  Output=%c2 = depthwise_conv2d(Input=%r1, Filter=%w2) {paddings=[1,1], groups=4}
  Y=%n2, MeanOut=%m2, VarianceOut=%v2, SavedMean=%s2, SavedVariance=%t2 = batch_norm(X=%c2, Scale=%g2, Bias=%h2, Mean=%m2, Variance=%v2) {is_test=true}
  Out=%r2 = relu6(X=%n2)
  Output=%c3 = conv2d(Input=%r2, Filter=%w3)
  Out=%sum = elementwise_add(X=%r1, Y=%c3)
  Out=%pool = pool2d(X=%sum) {pooling_type="avg", ksize=[1,1], global_pooling=true}
  Out=%f = mul(X=%pool, Y=%w4)
  Out=%y = elementwise_add(X=%f, Y=%b4) {axis=1}
)";

void set_batch_norm(Scope& scope, const std::string& number, uint64_t seed) {
  scope.set("g" + number, Tensor::from<float>({4}, {1.5f, -0.75f, 0.0f, 1.0f}));
  scope.set("h" + number, random_tensor({4}, seed));
  scope.set("m" + number, random_tensor({4}, seed + 1));
  scope.set("v" + number, Tensor::from<float>({4}, {0.5f, 1.0f, 2.0f, 4.0f}));
}

Scope net_scope() {
  Scope scope;
  scope.set("w1", random_tensor({4, 3, 3, 3}, 1));
  scope.set("w2", random_tensor({4, 1, 3, 3}, 2));
  scope.set("w3", random_tensor({4, 4, 1, 1}, 3));
  scope.set("w4", random_tensor({4, 3}, 4));
  scope.set("b4", random_tensor({3}, 5));
  set_batch_norm(scope, "1", 6);
  set_batch_norm(scope, "2", 8);
  return scope;
}

TensorMap batch(uint64_t seed) {
  return {{"x", random_tensor({2, 3, 8, 8}, seed)}};
}

struct Quantized {
  Program eval;
  Scope scope;
  QuantConfig config;
};

Quantized quantize(const QuantConfig& config) {
  Quantized result{.scope = net_scope(), .config = config};
  const Program program = parse_program(kNet);
  const Program train = quant_aware(program, CpuPlace{}, result.config, {.scope = &result.scope});
  for (uint64_t seed = 20; seed < 24; ++seed) {
    interpret(train, batch(seed), {}, result.scope);
  }
  result.eval =
      quant_aware(program, CpuPlace{}, result.config, {.for_test = true, .scope = &result.scope});
  return result;
}

std::vector<std::string> code_names(const Program& program) {
  std::vector<std::string> names;
  for (const Op* op : program.ops()) {
    if (op->type() == "onnx_quantize_linear") {
      names.push_back(op->output("Y").name());
    }
  }
  return names;
}

std::vector<std::string> labels(const Program& program) {
  std::vector<std::string> result;
  for (const Op* op : program.ops()) {
    result.push_back(op->label());
  }
  return result;
}

/// Codes are at most one off from what the float simulation's values are in steps.
TEST(DeploymentForm, GivesTheCodesOfTheFloatSimulation) {
  for (const bool onnx_format : {false, true}) {
    Quantized net = quantize({.onnx_format = onnx_format});
    DeploymentForm form = deployment_form(net.eval, net.scope, {"y"});
    verify(form.program);
    ASSERT_EQ(code_names(form.program).size(), 4U);  // x, r1, r2, pool
    for (const std::string& codes : code_names(form.program)) {
      const std::string name = codes.substr(0, codes.find('@'));
      const Tensor want = interpret(net.eval, batch(50), {name}, net.scope)[0];
      const Tensor got =
          interpret(form.program, batch(50), {codes}, form.scope)[0].cast(DType::Float32);
      const float step = form.scope.get(name + "@step").values<float>()[0];
      for (int64_t i = 0; i < want.numel(); ++i) {
        // Values beyond the range are clipped: compare up to it.
        const float expected = std::clamp(want.data<float>()[i] / step, -128.0f, 127.0f);
        ASSERT_NEAR(got.data<float>()[i], expected, 1.01) << name << "[" << i << "]";
      }
    }
    const Tensor want = interpret(net.eval, batch(50), {"y"}, net.scope)[0];
    const Tensor got = interpret(form.program, batch(50), {"y"}, form.scope)[0];
    for (int64_t i = 0; i < want.numel(); ++i) {
      EXPECT_NEAR(got.data<float>()[i], want.data<float>()[i], 0.05);
    }
  }
}

/// is_near: max_range holds a weight's one scale, which is rounded once more there.
void expect_same_constants(const DeploymentForm& want, const DeploymentForm& got, bool is_near) {
  for (const Op* op : want.program.ops()) {
    for (const auto& [slot, vars] : op->inputs()) {
      for (const Var* var : vars) {
        if (!var->is_persistable()) {
          continue;
        }
        const Tensor& a = want.scope.get(var->name());
        const Tensor& b = got.scope.get(var->name());
        if (!is_near) {
          EXPECT_TRUE(b.identical(a)) << var->name();
        } else if (a.dtype() == DType::Float32) {
          expect_close(b, a, 3e-7, var->name());
        }
      }
    }
  }
}

TEST(DeploymentForm, IsTheSameFromTheEvaluationProgramAndFromConvertedOnes) {
  for (const QuantizeType weights : {QuantizeType::ChannelWiseAbsMax, QuantizeType::AbsMax}) {
    for (const bool onnx_format : {false, true}) {
      for (const bool exact : {false, true}) {
        const bool has_one_scale = weights == QuantizeType::AbsMax;
        SCOPED_TRACE(fmt::format("V{}, exact {}, one {}", 1 + onnx_format, exact, has_one_scale));
        Quantized net = quantize({.weight_quantize_type = weights, .onnx_format = onnx_format});
        const DeploymentForm eval = deployment_form(net.eval, net.scope, {"y"});
        const Converted converted =
            convert(net.eval,
                    CpuPlace{},
                    net.config,
                    {.save_int8 = true, .exact = exact, .scope = &net.scope});
        for (const Program* program : {&converted.float_program, &*converted.int8_program}) {
          const DeploymentForm file = deployment_form(*program, converted.scope, {"y"});
          expect_same_constants(eval, file, has_one_scale);
          EXPECT_EQ(labels(file.program), labels(eval.program));
        }
      }
    }
  }
}

TEST(DeploymentForm, FoldsBatchNormWithoutRoundingACode) {
  Quantized net = quantize({.onnx_format = false});
  const DeploymentForm form = deployment_form(net.eval, net.scope, {"y"});
  Scope scope = net.scope.clone();
  const Tensor simulated = interpret(net.eval, batch(1), {"w1.quantized"}, scope)[0];
  const auto folded = form.scope.get("c1.weight@codes").values<int8_t>();
  const float signs[] = {1, -1, 0, 1};  // of the batch norm's Scale
  const int64_t inner = simulated.numel() / 4;
  for (int64_t i = 0; i < simulated.numel(); ++i) {
    const auto code = static_cast<float>(folded[static_cast<size_t>(i)]);
    EXPECT_EQ(code, signs[i / inner] * simulated.data<float>()[i]) << i;
  }
  // Scale 0: the channel is its bias.
  const auto bias = form.scope.get("c1.bias@codes").values<int32_t>();
  const auto step = form.scope.get("c1.bias@step").values<float>();
  EXPECT_NEAR(static_cast<double>(bias[2]) * step[2],
              net.scope.get("h1").values<float>()[2],
              1e-6 * std::fabs(net.scope.get("h1").values<float>()[2]));
}

TEST(DeploymentForm, MakesActivationsRanges) {
  Quantized net = quantize({.onnx_format = false});
  const DeploymentForm form = deployment_form(net.eval, net.scope, {"y"});
  const Op* relu6 = nullptr;
  for (const Op* op : form.program.ops()) {
    EXPECT_NE(op->type(), "relu6");
    if (op->type() == "onnx_quantize_linear" && op->output("Y").name() == "r2@codes") {
      relu6 = op;
    }
  }
  ASSERT_NE(relu6, nullptr);
  EXPECT_EQ(relu6->attr<int32_t>("qmin"), 0);
  const float six = 6 / form.scope.get("r2@step").values<float>()[0];
  EXPECT_EQ(relu6->attr<int32_t>("qmax"), std::min(127, static_cast<int>(std::nearbyint(six))));
  EXPECT_EQ(relu6->output("Y").dtype(), DType::UInt8);
  // r1 is read by the residual sum as well, so it keeps its relu; the report says so.
  const PassReport& report = form.reports.back();
  EXPECT_EQ(report.name, "absorb_activations");
  EXPECT_THAT(report.reason("relu 'r1'"), ::testing::HasSubstr("reads its values"));
}

TEST(DeploymentForm, IsItsOwnDeploymentForm) {
  Quantized net = quantize({.onnx_format = true});
  const DeploymentForm once = deployment_form(net.eval, net.scope, {"y"});
  const DeploymentForm twice = deployment_form(once.program, once.scope, {"y"});
  EXPECT_EQ(to_text(twice.program), to_text(once.program));
}

TEST(DeploymentForm, OfThePortableProfileHasUnsignedActivations) {
  for (const bool onnx_format : {false, true}) {
    Quantized net = quantize({.onnx_format = onnx_format, .deploy = Deploy::Portable});
    const Converted converted =
        convert(net.eval, CpuPlace{}, net.config, {.save_int8 = true, .scope = &net.scope});
    DeploymentForm form = deployment_form(net.eval, net.scope, {"y"});
    DeploymentForm file = deployment_form(converted.float_program, converted.scope, {"y"});
    EXPECT_EQ(labels(file.program), labels(form.program));
    for (const std::string& codes : code_names(form.program)) {
      EXPECT_EQ(form.program.var(codes).dtype(), DType::UInt8) << codes;
      const Tensor got = interpret(form.program, batch(70), {codes}, form.scope)[0];
      EXPECT_TRUE(interpret(file.program, batch(70), {codes}, file.scope)[0].identical(got));
    }
    EXPECT_EQ(form.scope.get("x@zero_point").values<uint8_t>()[0], 128);
    EXPECT_EQ(form.scope.get("r2@zero_point").values<uint8_t>()[0], 0);
    const Tensor want = interpret(net.eval, batch(70), {"y"}, net.scope)[0];
    const Tensor got = interpret(form.program, batch(70), {"y"}, form.scope)[0];
    for (int64_t i = 0; i < want.numel(); ++i) {
      EXPECT_NEAR(got.data<float>()[i], want.data<float>()[i], 0.05);
    }
  }
}

TEST(DeploymentForm, HandlesOneScalePerWeight) {
  for (const bool onnx_format : {false, true}) {
    Quantized net =
        quantize({.weight_quantize_type = QuantizeType::AbsMax, .onnx_format = onnx_format});
    DeploymentForm form = deployment_form(net.eval, net.scope, {"y"});
    const Tensor want = interpret(net.eval, batch(60), {"y"}, net.scope)[0];
    const Tensor got = interpret(form.program, batch(60), {"y"}, form.scope)[0];
    for (int64_t i = 0; i < want.numel(); ++i) {
      EXPECT_NEAR(got.data<float>()[i], want.data<float>()[i], 0.05);
    }
  }
}

TEST(DeploymentForm, RefusesScalesThatAreComputedWhileRunning) {
  Quantized net = quantize({.onnx_format = false});
  const QuantConfig config{.activation_quantize_type = QuantizeType::AbsMax};
  const Program dynamic =
      quant_aware(parse_program(kNet), CpuPlace{}, config, {.for_test = true, .scope = &net.scope});
  expect_error(ErrorCode::Unsupported, {"computed from each batch"}, [&] {
    deployment_form(dynamic, net.scope, {"y"});
  });
}

}  // namespace
}  // namespace intact
