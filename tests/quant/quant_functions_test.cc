// Functions of the user's in front of, and in place of, the built-in quantizers.
#include <gtest/gtest.h>

#include <regex>

#include "intact/autodiff/append_backward.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "intact/nn/activation.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "intact/quant/convert.h"
#include "intact/quant/pact.h"
#include "intact/quant/quant_aware.h"
#include "intact/runtime/executor.h"
#include "intact/train/optimizer.h"
#include "support/check_op.h"
#include "support/expect_error.h"
#include "support/quant_net.h"

namespace intact {
namespace {

void minimize_with_momentum(Var& loss) {
  Momentum({.learning_rate = 1e-4f, .momentum = 0.9f}).minimize(loss);
}

Var& identity(Var& x) {
  return x;
}

/// `text` with its backward pass and SGD, state in `scope`.
Program training_program(const std::string& text, Scope& scope) {
  Program program = parse_program(text);
  Program startup;
  const ProgramGuard guard(program, startup);
  Sgd({.learning_rate = 0.1f}).minimize(program.var("mean"));
  interpret(startup, {}, {}, scope);
  return program;
}

double loss_of(const Program& program, const TensorMap& feeds, const Scope& scope) {
  Scope trial = scope.clone();
  return interpret(program, feeds, {"mean"}, trial)[0].cast(DType::Float64).values<double>()[0];
}

/// d mean / d name[index] by central differences.
double numeric_gradient(const Program& program,
                        const TensorMap& feeds,
                        const Scope& scope,
                        const std::string& name,
                        int64_t index,
                        double step) {
  const auto moved = [&](double by) {
    Scope trial = scope.clone();
    Tensor value = trial.get(name).cast(DType::Float64);
    value.data<double>()[index] += by;
    trial.set(name, value.cast(trial.get(name).dtype()));
    return loss_of(program, feeds, trial);
  };
  return (moved(step) - moved(-step)) / (2 * step);
}

/// The quantized test net in double, so that differences are exact.
std::string in_double(const std::string& text) {
  return std::regex_replace(text, std::regex("float32"), "float64");
}

void to_double(Scope& scope) {
  for (const std::string& name : scope.names()) {
    scope.set(name, scope.get(name).cast(DType::Float64));
  }
}

const std::string kTwoReaders = R"(
  var %x: float32[-1,3] data stop_gradient
  var %w0: float32[3,4] persistable parameter
  var %w1: float32[4,2] persistable parameter
  var %w2: float32[4,2] persistable parameter
  Out=%h = mul(X=%x, Y=%w0)
  Out=%a = tanh(X=%h)
  Out=%p = mul(X=%a, Y=%w1)
  Out=%q = mul(X=%a, Y=%w2)
  Out=%r = elementwise_mul(X=%p, Y=%q)
  Out=%t = elementwise_mul(X=%a, Y=%a)
  Out=%s = reduce_mean(X=%t) {reduce_all=true}
  Out=%m = reduce_mean(X=%r) {reduce_all=true}
  Out=%mean = elementwise_add(X=%m, Y=%s)
)";

// Two readers share f(a), a third reads a itself: every gradient is that of the whole network.
TEST(QuantFunctions, GradientsFlowThroughASharedFunction) {
  Scope scope;
  uint64_t seed = 1;
  for (const auto& [name, shape] :
       std::map<std::string, Shape>{{"w0", {3, 4}}, {"w1", {4, 2}}, {"w2", {4, 2}}}) {
    Tensor value(DType::Float64, shape);
    for (double& element : value.values<double>()) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      element = static_cast<double>(seed >> 40) / (1 << 24) - 0.5;
    }
    scope.set(name, value);
  }
  Program train = parse_program(in_double(kTwoReaders));
  append_backward(train.var("mean"));
  int calls = 0;
  const auto swish = [&calls](Var& x) -> Var& {
    ++calls;
    return nn::elementwise_mul(x, nn::sigmoid(x));
  };
  const Program quantized = quant_aware(train,
                                        CpuPlace{},
                                        {.coverage = CoveragePolicy::Ignore},
                                        {.scope = &scope,
                                         .act_preprocess_func = swish,
                                         .weight_quantize_func = identity,
                                         .act_quantize_func = identity});
  EXPECT_EQ(calls, 2);  // x and a
  EXPECT_NO_THROW(verify(quantized));
  EXPECT_EQ(&quantized.var("p").producer()->input("X"), &quantized.var("q").producer()->input("X"));
  const TensorMap feeds = {{"x", Tensor::from<double>({2, 3}, {1, -2, 0.5, 0.3, 0.7, -1})}};
  for (const std::string name : {"w0", "w1", "w2"}) {
    Scope trial = scope.clone();
    const Tensor gradient = interpret(quantized, feeds, {name + "@GRAD"}, trial)[0];
    for (int64_t i = 0; i < gradient.numel(); ++i) {
      EXPECT_NEAR(gradient.values<double>()[static_cast<size_t>(i)],
                  numeric_gradient(quantized, feeds, scope, name, i, 1e-5),
                  1e-8)
          << name << i;
    }
  }
}

TEST(QuantFunctions, APreprocessedWeightGetsTheGradientOfItself) {
  Scope scope = quant_net_scope();
  to_double(scope);
  Program train = parse_program(in_double(kQuantNet));
  append_backward(train.var("mean"));
  const Program quantized =
      quant_aware(train,
                  CpuPlace{},
                  {.coverage = CoveragePolicy::Ignore},
                  {.scope = &scope,
                   .weight_preprocess_func = [](Var& w) -> Var& { return nn::tanh(w); },
                   .weight_quantize_func = identity,
                   .act_quantize_func = identity});
  TensorMap feeds = quant_net_batch(1);
  feeds["x"] = feeds["x"].cast(DType::Float64);
  for (const std::string name : {"w1", "w2", "w3"}) {
    Scope trial = scope.clone();
    const Tensor gradient = interpret(quantized, feeds, {name + "@GRAD"}, trial)[0];
    EXPECT_NEAR(gradient.values<double>()[5],
                numeric_gradient(quantized, feeds, scope, name, 5, 1e-5),
                1e-8)
        << name;
  }
}

/// quant_net with PACT, thresholds low enough to clip.
struct PactNet {
  explicit PactNet(const QuantConfig& config = {}) : scope(quant_net_scope()) {
    const Program float_train = training_program(kQuantNet, scope);
    train.emplace(quant_aware(float_train, CpuPlace{}, config, options()));
    for (const std::string& name : kThresholds) {
      EXPECT_TRUE(scope.get(name).identical(Tensor::from<float>({1}, {20}))) << name;
      scope.set(name, Tensor::from<float>({1}, {0.6f}));
    }
    QuantAwareOptions test_options = options();
    test_options.for_test = true;
    test.emplace(quant_aware(parse_program(kQuantNet), CpuPlace{}, config, test_options));
  }

  QuantAwareOptions options() {
    return {.scope = &scope,
            .act_preprocess_func = [](Var& x) -> Var& { return pact(x); },
            .optimizer_func = minimize_with_momentum};
  }

  static inline const std::vector<std::string> kThresholds = {
      "x_tmp_input_pact", "r1_tmp_input_pact", "c2_tmp_input_pact"};
  Scope scope;
  std::optional<Program> train;
  std::optional<Program> test;
};

TEST(QuantFunctions, PactClipsAndItsThresholdsAreTrained) {
  PactNet net;
  EXPECT_NO_THROW(verify(*net.train));
  EXPECT_NO_THROW(verify(*net.test));
  // The call for test keeps the thresholds of training.
  EXPECT_TRUE(net.scope.get("x_tmp_input_pact").identical(Tensor::from<float>({1}, {0.6f})));
  Executor executor;
  const Scope before = net.scope.clone();
  for (uint64_t step = 0; step < 20; ++step) {
    const Tensor loss =
        executor.run(*net.train, quant_net_batch(step), {"mean"}, net.scope).front();
    ASSERT_TRUE(std::isfinite(loss.values<float>()[0]));
  }
  for (const std::string& name : PactNet::kThresholds) {
    EXPECT_FALSE(net.scope.get(name).identical(before.get(name))) << name;
  }
  // x is clipped before its scale is taken.
  EXPECT_LE(net.scope.get("x@scale").values<float>()[0], 1.0f);
}

// With the quantizers out of the way, d loss / d threshold is exact but for float32 rounding.
TEST(QuantFunctions, PactsGradientIsThatOfClipping) {
  Scope scope = quant_net_scope();
  const Program float_train = training_program(kQuantNet, scope);
  const Program train =
      quant_aware(float_train,
                  CpuPlace{},
                  {},
                  {.scope = &scope,
                   .weight_quantize_func = identity,
                   .act_quantize_func = [](Var& x) -> Var& { return pact(x, {.l2_decay = 0}); },
                   .optimizer_func = minimize_with_momentum});
  for (const std::string& name : PactNet::kThresholds) {
    scope.set(name, Tensor::from<float>({1}, {0.61f}));
  }
  for (const std::string& name : PactNet::kThresholds) {
    Scope trial = scope.clone();
    const Tensor gradient = interpret(train, quant_net_batch(3), {name + "@GRAD"}, trial)[0];
    const double numeric = numeric_gradient(train, quant_net_batch(3), scope, name, 0, 1e-3);
    EXPECT_NEAR(gradient.values<float>()[0], numeric, 1e-3 + 2e-2 * std::abs(numeric)) << name;
  }
}

class ConvertedFunctions : public testing::TestWithParam<bool> {};

TEST_P(ConvertedFunctions, ComputeWhatTheTestProgramDoes) {
  const QuantConfig config{.onnx_format = GetParam()};
  PactNet net(config);
  Executor executor;
  for (uint64_t step = 0; step < 5; ++step) {
    executor.run(*net.train, quant_net_batch(step), {"mean"}, net.scope);
  }
  const TensorMap feeds = quant_net_batch(9);
  const Tensor want = executor.run(*net.test, feeds, {"y"}, net.scope)[0];
  Converted converted = convert(*net.test, CpuPlace{}, config, {.scope = &net.scope});
  EXPECT_TRUE(converted.scope.contains("x_tmp_input_pact"));
  // V1 adds integers first and scales afterwards.
  expect_close(executor.run(converted.float_program, feeds, {"y"}, converted.scope)[0], want, 1e-5);
}

TEST_P(ConvertedFunctions, PreprocessedWeightsAreStoredPreprocessed) {
  const QuantConfig config{.onnx_format = GetParam()};
  Scope scope = quant_net_scope();
  const QuantAwareOptions options{
      .for_test = true, .scope = &scope, .weight_preprocess_func = [](Var& w) -> Var& {
        return nn::scale(nn::tanh(w), 3.0f);
      }};
  const Program test = quant_aware(parse_program(kQuantNet), CpuPlace{}, config, options);
  const TensorMap feeds = quant_net_batch(2);
  Executor executor;
  const Tensor want = executor.run(test, feeds, {"y"}, scope)[0];
  Converted converted = convert(test, CpuPlace{}, config, {.scope = &scope});
  EXPECT_EQ(converted.float_program.block().find_var("w1"), nullptr);
  expect_close(executor.run(converted.float_program, feeds, {"y"}, converted.scope)[0], want, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Formats, ConvertedFunctions, testing::Bool());

TEST(QuantFunctions, TheirProgramsCanBeKept) {
  std::vector<std::shared_ptr<Program>> programs;
  std::vector<const Var*> kept;
  Scope scope = quant_net_scope();
  quant_aware(parse_program(kQuantNet),
              CpuPlace{},
              {},
              {.for_test = true,
               .scope = &scope,
               .act_preprocess_func = [&](Var& x) -> Var& {
                 EXPECT_EQ(&default_main_program(), (programs.end() - 2)->get());
                 EXPECT_EQ(&default_startup_program(), programs.back().get());
                 kept.push_back(&nn::relu(x));
                 return x;
               },
               .function_programs = &programs});
  ASSERT_EQ(programs.size(), 2 * kept.size());
  for (size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(programs[2 * i]->block().find_var(kept[i]->name()), kept[i]);
  }
}

TEST(QuantFunctions, BadFunctionsAreNamed) {
  Scope scope = quant_net_scope();
  const Program train = training_program(kQuantNet, scope);
  const auto call = [&](const QuantFunction& function) {
    quant_aware(train, CpuPlace{}, {}, {.scope = &scope, .act_preprocess_func = function});
  };
  expect_error(
      ErrorCode::InvalidArgument,
      {"act_preprocess_func makes parameters for 'x_tmp_input'", "optimizer_func is empty"},
      [&] { call([](Var& x) -> Var& { return pact(x); }); });
  expect_error(ErrorCode::InvalidArgument,
               {"act_preprocess_func made", "of 'x' float32 [-1,3,4,4]", "return a Var built"},
               [&] { call([](Var& x) -> Var& { return nn::mean(x); }); });
}

TEST(QuantPostFirst, StartsFromCalibratedScales) {
  const auto batches = [](const std::function<void(const TensorMap&)>& use) {
    use(quant_net_batch(1));
    use(quant_net_batch(2));
  };
  const QuantConfig config{.quant_post_first = true};
  Scope scope = quant_net_scope();
  const Program train = training_program(kQuantNet, scope);
  std::map<std::string, float> scales;
  const Program quantized = quant_aware(train,
                                        CpuPlace{},
                                        config,
                                        {.scope = &scope,
                                         .calibration = batches,
                                         .calibration_algorithm = PtqAlgorithm::AbsMax,
                                         .used_scale_dict = &scales});
  const auto want = calibrate(parse_program(kQuantNet),
                              {"x", "r1", "c2", "y"},
                              batches,
                              {},
                              {.algorithm = PtqAlgorithm::AbsMax, .scope = &scope});
  for (const auto& [tensor, scale] : want) {
    EXPECT_EQ(scales.at(tensor), scale) << tensor;
    EXPECT_EQ(scope.get(tensor + "@scale").values<float>()[0], scale) << tensor;
    EXPECT_EQ(scope.get(tensor + "@accum").values<float>()[0], scale) << tensor;
  }
  EXPECT_FALSE(scales.contains("loss"));
  // The scales serve another call.
  Scope other = quant_net_scope();
  quant_aware(parse_program(kQuantNet),
              CpuPlace{},
              config,
              {.for_test = true, .scope = &other, .scale_dict = scales});
  EXPECT_TRUE(other.get("c2@scale").identical(scope.get("c2@scale")));
  expect_error(ErrorCode::InvalidArgument, {"quant_post_first is false"}, [&] {
    quant_aware(train, CpuPlace{}, {}, {.scope = &other, .calibration = batches});
  });
}

}  // namespace
}  // namespace intact
