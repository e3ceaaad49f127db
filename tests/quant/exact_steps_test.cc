#include "intact/quant/exact_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/quant_aware.h"
#include "intact/runtime/integer_model.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"
#include "tensor/short_step.h"

namespace intact {
namespace {

// A bias and a batch norm, a signed sum of codes, a depthwise convolution, pools, a layer without
// batch norm.
const char* const kNet = R"(
  var %x: float32[-1,3,8,8] data stop_gradient
  var %w1: float32[4,3,3,3] persistable parameter
  var %b1: float32[4] persistable parameter
  var %w2: float32[4,1,3,3] persistable parameter
  var %w3: float32[4,4,1,1] persistable parameter
  var %w4: float32[4,3] persistable parameter
  var %b4: float32[3] persistable parameter
  var %g1: float32[4] persistable parameter
  var %h1: float32[4] persistable parameter
  var %m1: float32[4] persistable stop_gradient
  var %v1: float32[4] persistable stop_gradient
  var %g3: float32[4] persistable parameter
  var %h3: float32[4] persistable parameter
  var %m3: float32[4] persistable stop_gradient
  var %v3: float32[4] persistable stop_gradient
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Out=%d1 = elementwise_add(X=%c1, Y=%b1) {axis=1}
  Y=%n1, MeanOut=%m1, VarianceOut=%v1, SavedMean=%s1, SavedVariance=%t1 = batch_norm(X=%d1, Scale=%g1, Bias=%h1, Mean=%m1, Variance=%v1) {is_test=true}
  Out=%r1 = relu(X=%n1)
  Output=%c2 = depthwise_conv2d(Input=%r1, Filter=%w2) {paddings=[1,1], groups=4}
  Out=%r2 = relu6(X=%c2)
  Output=%c3 = conv2d(Input=%r2, Filter=%w3)
  Y=%n3, MeanOut=%m3, VarianceOut=%v3, SavedMean=%s3, SavedVariance=%t3 = batch_norm(X=%c3, Scale=%g3, Bias=%h3, Mean=%m3, Variance=%v3) {is_test=true}
  Out=%sum = elementwise_add(X=%r1, Y=%n3)
  Out=%pool = pool2d(X=%sum) {pooling_type="avg", ksize=[1,1], global_pooling=true}
  Out=%f = mul(X=%pool, Y=%w4)
  Out=%y = elementwise_add(X=%f, Y=%b4) {axis=1}
)";

void set_batch_norm(Scope& scope, const std::string& number, uint64_t seed) {
  scope.set("g" + number, Tensor::from<float>({4}, {1.5f, -0.75f, 0.03f, 1.0f}));
  scope.set("h" + number, random_tensor({4}, seed));
  scope.set("m" + number, random_tensor({4}, seed + 1));
  scope.set("v" + number, Tensor::from<float>({4}, {0.5f, 1.0f, 2.0f, 4.0f}));
}

struct Trained {
  Scope scope;
  Program eval;
};

Trained train(const QuantConfig& config) {
  Trained result;
  Scope& scope = result.scope;
  scope.set("w1", random_tensor({4, 3, 3, 3}, 1));
  scope.set("b1", random_tensor({4}, 2));
  scope.set("w2", random_tensor({4, 1, 3, 3}, 3));
  scope.set("w3", random_tensor({4, 4, 1, 1}, 4));
  scope.set("w4", random_tensor({4, 3}, 5));
  scope.set("b4", random_tensor({3}, 6));
  set_batch_norm(scope, "1", 7);
  set_batch_norm(scope, "3", 9);
  const Program program = parse_program(kNet);
  const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &scope});
  for (uint32_t step = 0; step < 3; ++step) {
    interpret(train, {{"x", random_tensor({2, 3, 8, 8}, 20 + step)}}, {"y"}, scope);
  }
  result.eval = quant_aware(program, CpuPlace{}, config, {.for_test = true, .scope = &scope});
  return result;
}

std::vector<QuantConfig> portable_configs() {
  return {{.deploy = Deploy::Portable},
          {.onnx_format = true, .deploy = Deploy::Portable},
          {.deploy = Deploy::Portable, .portable_weights = PortableWeights::SevenBit}};
}

bool is_power_of_two(float value) {
  int exponent = 0;
  return std::frexp(value, &exponent) == 0.5f;
}

TEST(ExactSteps, ShortStepsHaveFewBitsAndAreMultiplesOfTheUnit) {
  EXPECT_EQ(short_step(1.0), 1.0);
  EXPECT_EQ(short_step(1.004), 1.0);  // 64 and 65 sixty-fourths: the nearer
  EXPECT_EQ(short_step(1.012), 65.0 / 64);
  EXPECT_EQ(short_step(0.999), 1.0);
  EXPECT_EQ(short_step(1.012, 0.125), 1.0);  // a multiple of 1/8
  EXPECT_EQ(short_step(1.2, 0.125), 1.25);
  EXPECT_EQ(short_step(1.2, 1.0), 1.25);  // 4 bits at least
  EXPECT_EQ(exact_step(1.0 + 1e-7), 1.0f);
  EXPECT_EQ(exact_step(1.001), 1.001f);
  for (double step = 1e-6; step < 10; step *= 1.0037) {
    EXPECT_NEAR(short_step(step) / step, 1, 1.0 / 128);
    EXPECT_EQ(short_step(short_step(step)), short_step(step));
  }
}

TEST(ExactSteps, ActivationsGetPowersOfTwoAndWeightsFewBits) {
  for (const QuantConfig& config : portable_configs()) {
    Trained trained = train(config);
    const ExactSteps chosen = choose_exact_steps(trained.eval, trained.scope, {"y"});
    EXPECT_EQ(chosen.activations, 6);  // x, r1, r2, n3, sum, pool
    EXPECT_EQ(chosen.channels, 4 + 4 + 4 + 3);
    EXPECT_THAT(chosen.inexact, testing::IsEmpty());
    const DeploymentForm form = deployment_form(trained.eval, trained.scope, {"y"});
    int seen = 0;
    for (const Op* op : form.program.ops()) {
      if (op->has_input("Step")) {
        const bool is_weight = op->input("X").is_persistable();
        const bool is_bias = is_weight && op->input("X").dtype() == DType::Int32;
        for (const float step : form.scope.get(op->input("Step").name()).values<float>()) {
          EXPECT_TRUE(is_weight ? short_step(step) == step : is_power_of_two(step))
              << op->label() << " " << step;
          seen += is_weight && !is_bias ? 1 : 0;
        }
      }
    }
    EXPECT_EQ(seen, chosen.channels);
  }
}

// What runtimes do that simulate integers in float: every code is the integer program's.
TEST(ExactSteps, FloatSimulationGivesTheCodesOfTheIntegers) {
  for (const QuantConfig& config : portable_configs()) {
    Trained trained = train(config);
    choose_exact_steps(trained.eval, trained.scope, {"y"});
    const DeploymentForm form = deployment_form(trained.eval, trained.scope, {"y"});
    IntegerSession session(IntegerModel::compile(form.program, form.scope, {"x"}, {"y"}),
                           {.keep_codes = true});
    const TensorMap feeds = {{"x", random_tensor({64, 3, 8, 8}, 77, -1.5f, 1.5f)}};
    const Tensor y = session.run(feeds)[0];
    EXPECT_EQ(session.codes().size(), 6U);
    Scope scope = form.scope.clone();
    for (const auto& [name, codes] : session.codes()) {
      EXPECT_TRUE(interpret(form.program, feeds, {name}, scope)[0].identical(codes)) << name;
    }
    EXPECT_TRUE(interpret(form.program, feeds, {"y"}, scope)[0].identical(y));
  }
}

TEST(ExactSteps, ChangeTheNetworkLittleAndOnlyOnce) {
  Trained trained = train({.deploy = Deploy::Portable});
  Scope before = trained.scope.clone();
  choose_exact_steps(trained.eval, trained.scope, {"y"});
  for (const char* name : {"g1", "g3", "w2", "w4"}) {
    const auto old = before.get(name).values<float>();
    const auto now = trained.scope.get(name).values<float>();
    for (size_t i = 0; i < old.size(); ++i) {
      // n3 is signed: its zero point leaves fewer bits.
      EXPECT_NEAR(now[i] / old[i], 1, name == std::string("g3") ? 1.0 / 16 : 1.0 / 128) << name;
    }
  }
  for (const char* name : {"w1", "w3", "b1", "h1", "m1", "v1", "b4"}) {
    EXPECT_TRUE(before.get(name).identical(trained.scope.get(name))) << name;
  }
  const Scope once = trained.scope.clone();
  choose_exact_steps(trained.eval, trained.scope, {"y"});
  for (const std::string& name : once.names()) {
    EXPECT_TRUE(once.get(name).identical(trained.scope.get(name))) << name;
  }
}

TEST(ExactSteps, NameOpsWhoseChannelsBatchNormRemoves) {
  Trained trained = train({.deploy = Deploy::Portable});
  trained.scope.get("g3").values<float>()[2] = 0;
  EXPECT_THAT(choose_exact_steps(trained.eval, trained.scope, {"y"}).inexact,
              testing::ElementsAre("conv2d 'c3'"));
}

TEST(ExactSteps, AreForThePortableProfile) {
  Trained trained = train({});
  expect_error(ErrorCode::InvalidArgument, {"portable profile", "deploy = portable"}, [&] {
    choose_exact_steps(trained.eval, trained.scope, {"y"});
  });
}

}  // namespace
}  // namespace intact
