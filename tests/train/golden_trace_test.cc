// Two float training steps of Paddle 2.6.2 (golden files), repeated by the reference kernels and by
// compiled Plans, from programs that our layers build.
#include <gtest/gtest.h>

#include "intact/runtime/executor.h"
#include "support/golden_training.h"

namespace intact {
namespace {

struct Case {
  GoldenNetwork network;
  bool use_reference;
  /// Largest difference of an element, relative to the largest element of its tensor.
  float tolerance;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.network.name;
}

class GoldenTrace : public ::testing::TestWithParam<Case> {
 protected:
  GoldenTrace() { executor.run(training.startup, {}, {}, scope); }

  std::vector<Tensor> run(int64_t step) {
    return executor.run(training.main, trace.batch(step), training.fetches, scope);
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

  void expect_state(const std::string& prefix) const {
    const TensorMap state = trace.below(prefix);
    for (const auto& [name, expected] : state) {
      EXPECT_LE(largest_difference(scope.get(name), expected),
                GetParam().tolerance * magnitude(state, name))
          << prefix << name;
    }
  }

  void expect_fetches(int64_t step, const std::vector<Tensor>& results) const {
    const Tensor expected = trace.row("fp32_fetch", step).cast(DType::Float32);
    EXPECT_EQ(results[0].values<float>()[0], expected.values<float>()[0]);
    EXPECT_EQ(results[1].values<float>()[0], expected.values<float>()[1]);
    EXPECT_NEAR(results[2].values<float>()[0],
                expected.values<float>()[2],
                GetParam().use_reference ? 2e-5f : GetParam().tolerance);
  }

  Trace trace{GetParam().network.name};
  GoldenTraining training{GetParam().network};
  Executor executor{CpuPlace{}, {.use_reference = GetParam().use_reference}};
  Scope scope;
};

TEST_P(GoldenTrace, EachStepGivesTheRecordedState) {
  EXPECT_EQ(scope.names().size(), trace.below("init/").size());
  const std::vector<std::string> states = {"init/", "fp32_step1/", "fp32_step2/"};
  for (size_t step = 0; step < 2; ++step) {
    trace.load(states[step], scope);
    expect_fetches(static_cast<int64_t>(step), run(static_cast<int64_t>(step)));
    expect_state(states[step + 1]);
  }
}

TEST_P(GoldenTrace, TwoStepsInARowGiveTheRecordedLosses) {
  trace.load("init/", scope);
  for (int64_t step = 0; step < 2; ++step) {
    expect_fetches(step, run(step));
  }
}

// LeNet: fp32 sums in another order; 4e-7 was measured. MobileNetV1: 27 batch norms over 8 to 1,568
// elements in a row amplify roundings, so that moving the initial parameters by one unit in the
// last place moves these gradients by 1e-4; 1.3e-4 was measured.
constexpr float kLenetTolerance = 1e-6f;
constexpr float kMobilenetTolerance = 4e-4f;
// Plans sum in blocks and with fused multiply-adds, another order again.
constexpr float kLenetPlanTolerance = 3e-6f;
constexpr float kMobilenetPlanTolerance = 2e-3f;

INSTANTIATE_TEST_SUITE_P(Nets,
                         GoldenTrace,
                         ::testing::Values(Case{golden_lenet(), true, kLenetTolerance},
                                           Case{golden_lenet(), false, kLenetPlanTolerance},
                                           Case{golden_mobilenet(), true, kMobilenetTolerance},
                                           Case{
                                               golden_mobilenet(), false, kMobilenetPlanTolerance}),
                         [](const auto& info) {
                           return info.param.network.name +
                                  (info.param.use_reference ? "_reference" : "_plan");
                         });

}  // namespace
}  // namespace intact
