// Two float training steps of Paddle 2.6.2 (golden files), repeated by the reference kernels and by
// compiled Plans, from programs that our layers build.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "intact/nn/accuracy.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/fc.h"
#include "intact/nn/models/mobilenet_v1.h"
#include "intact/nn/pool2d.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "intact/nn/shape_ops.h"
#include "intact/runtime/executor.h"
#include "intact/train/optimizer.h"
#include "support/data_path.h"
#include "support/npz.h"

namespace intact {
namespace {

Var& golden_lenet(Var& image) {
  const nn::Conv2dOptions c1{.filters = 4, .kernel = 5, .activation = "relu", .name = "c1"};
  const nn::Conv2dOptions c2{.filters = 8, .kernel = 5, .activation = "relu", .name = "c2"};
  Var& pooled1 = nn::pool2d(nn::conv2d(image, c1), {.kernel = 2});
  Var& pooled2 = nn::pool2d(nn::conv2d(pooled1, c2), {.kernel = 2});
  return nn::fc(pooled2, {.size = 10, .activation = "softmax", .name = "fc"});
}

Var& golden_mobilenet(Var& image) {
  return nn::mobilenet_v1(image, {.class_dim = 10, .scale = 0.125f, .softmax_output = true});
}

struct Case {
  std::string name;
  Var& (*network)(Var&);
  bool use_reference;
  /// Largest difference of an element, relative to the largest element of its tensor.
  float tolerance;
};

struct Training {
  Program main;
  Program startup;
  std::vector<std::string> fetches;  // top-1, top-5, loss, as in the golden files
};

Training build(Var& (*network)(Var&)) {
  Training training;
  ProgramGuard guard(training.main, training.startup);
  Var& image = nn::data("image", {-1, 1, 28, 28});
  Var& label = nn::reshape(nn::data("label", {-1, 1}, DType::Int64), {-1, 1});
  Var& out = network(image);
  Var& loss = nn::mean(nn::cross_entropy(out, label));
  Var& top1 = nn::accuracy(out, label, 1);
  Var& top5 = nn::accuracy(out, label, 5);
  Momentum({.learning_rate = 0.01f, .momentum = 0.9f}).minimize(loss);
  training.fetches = {top1.name(), top5.name(), loss.name()};
  return training;
}

class GoldenTrace : public ::testing::TestWithParam<Case> {
 protected:
  GoldenTrace() : trace(read_npz(data_path(GetParam().name + "/trace.npz"))) {}

  /// Tensors of the trace below `prefix`, without it.
  TensorMap below(const std::string& prefix) const {
    TensorMap result;
    for (const auto& [name, tensor] : trace) {
      if (name.starts_with(prefix)) {
        result.emplace(name.substr(prefix.size()), tensor);
      }
    }
    return result;
  }

  Tensor slice(const std::string& name, int64_t step) const {
    const Tensor& all = trace.at(name);
    const std::vector<int64_t>& dims = all.shape().dims();
    Tensor part(all.dtype(), Shape(std::vector<int64_t>(dims.begin() + 1, dims.end())));
    const size_t bytes = part.size_bytes();
    std::memcpy(part.raw(), static_cast<const char*>(all.raw()) + step * bytes, bytes);
    return part;
  }

  TensorMap batch(int64_t step) const {
    return {{"image", slice("batch_x", step)}, {"label", slice("batch_y", step)}};
  }

  /// Puts the tensors below `prefix` in the place of those the startup Program made.
  void load_state(const std::string& prefix, Scope& scope) const {
    for (const auto& [name, tensor] : below(prefix)) {
      ASSERT_TRUE(scope.contains(name)) << name;
      scope.set(name, tensor.reshaped(scope.get(name).shape()).clone());
    }
  }

  /// After a batch norm's scale come only linear maps and another batch norm while its offset is
  /// 0, so its true gradient is 0 and what is recorded is rounding: the offset's gradient, a sum
  /// over the same elements, says how large that may be.
  static float magnitude(const TensorMap& state, const std::string& name) {
    const std::string scale = "_bn_scale_velocity_0";
    const float largest = largest_of(state.at(name));
    if (!name.ends_with(scale)) {
      return largest;
    }
    const std::string prefix = name.substr(0, name.size() - scale.size());
    return std::max(largest, largest_of(state.at(prefix + "_bn_offset_velocity_0")));
  }

  static float largest_of(const Tensor& tensor) {
    float largest = 0;
    for (float value : tensor.values<float>()) {
      largest = std::max(largest, std::abs(value));
    }
    return largest;
  }

  void expect_state(const std::string& prefix, const Scope& scope) const {
    const TensorMap state = below(prefix);
    for (const auto& [name, expected] : state) {
      const auto a = scope.get(name).values<float>();
      const auto e = expected.values<float>();
      ASSERT_EQ(a.size(), e.size()) << name;
      float difference = 0;
      for (size_t i = 0; i < e.size(); ++i) {
        difference = std::max(difference, std::abs(a[i] - e[i]));
      }
      EXPECT_LE(difference, GetParam().tolerance * magnitude(state, name)) << prefix << name;
    }
  }

  void expect_fetches(int64_t step, const std::vector<Tensor>& results) const {
    const Tensor expected = slice("fp32_fetch", step).cast(DType::Float32);
    EXPECT_EQ(results[0].values<float>()[0], expected.values<float>()[0]);
    EXPECT_EQ(results[1].values<float>()[0], expected.values<float>()[1]);
    EXPECT_NEAR(results[2].values<float>()[0], expected.values<float>()[2], 2e-5f);
  }

  TensorMap trace;
};

TEST_P(GoldenTrace, EachFloatStepGivesTheRecordedState) {
  const Training training = build(GetParam().network);
  Executor executor(CpuPlace{}, {.use_reference = GetParam().use_reference});
  Scope scope;
  executor.run(training.startup, {}, {}, scope);
  EXPECT_EQ(scope.names().size(), below("init/").size());
  const std::vector<std::string> states = {"init/", "fp32_step1/", "fp32_step2/"};
  for (size_t step = 0; step < 2; ++step) {
    load_state(states[step], scope);
    expect_fetches(step, executor.run(training.main, batch(step), training.fetches, scope));
    expect_state(states[step + 1], scope);
  }
}

TEST_P(GoldenTrace, TwoFloatStepsInARowGiveTheRecordedLosses) {
  const Training training = build(GetParam().network);
  Executor executor(CpuPlace{}, {.use_reference = GetParam().use_reference});
  Scope scope;
  executor.run(training.startup, {}, {}, scope);
  load_state("init/", scope);
  for (int64_t step = 0; step < 2; ++step) {
    expect_fetches(step, executor.run(training.main, batch(step), training.fetches, scope));
  }
}

// LeNet: fp32 sums in another order; 4e-7 was measured. MobileNetV1: 27 batch norms over 8 to 1,568
// elements in a row amplify roundings, so that moving the initial parameters by one unit in the
// last place moves these gradients by 1e-4; 1.3e-4 was measured.
constexpr float kLenetTolerance = 1e-6f;
constexpr float kMobilenetTolerance = 4e-4f;

INSTANTIATE_TEST_SUITE_P(
    Nets,
    GoldenTrace,
    ::testing::Values(Case{"lenet", golden_lenet, true, kLenetTolerance},
                      Case{"lenet", golden_lenet, false, kLenetTolerance},
                      Case{"mobilenet_s0125", golden_mobilenet, true, kMobilenetTolerance},
                      Case{"mobilenet_s0125", golden_mobilenet, false, kMobilenetTolerance}),
    [](const auto& info) {
      return info.param.name + (info.param.use_reference ? "_reference" : "_plan");
    });

}  // namespace
}  // namespace intact
