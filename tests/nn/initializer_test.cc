#include "intact/nn/initializer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "intact/base/error.h"
#include "intact/ir/interpret.h"

namespace intact {
namespace {

Tensor initialize(const nn::Initializer& initializer,
                  const Shape& shape,
                  const std::string& name = "w",
                  uint64_t seed = 0) {
  Program startup;
  startup.set_random_seed(seed);
  Var& var = startup.block().add_var(name, DType::Float32, shape, {.is_persistable = true});
  nn::append_initializer(startup, var, initializer);
  Scope scope;
  interpret(startup, {}, {}, scope);
  return scope.get(name);
}

struct Moments {
  double mean = 0;
  double std = 0;
  double max = 0;
};

Moments moments_of(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  const auto count = static_cast<double>(values.size());
  Moments moments;
  for (float value : values) {
    moments.mean += value / count;
    moments.max = std::max(moments.max, std::abs(static_cast<double>(value)));
  }
  for (float value : values) {
    moments.std += (value - moments.mean) * (value - moments.mean) / count;
  }
  moments.std = std::sqrt(moments.std);
  return moments;
}

// 36,864 values: the sample mean and deviation are within 4 standard errors, 4 * L / sqrt(3n).
constexpr double kSampleTolerance = 0.021;

TEST(Initializer, KaimingUniformStaysWithinItsLimitAndFillsIt) {
  const Moments moments = moments_of(initialize(nn::KaimingUniform{}, {64, 64, 3, 3}));
  const double limit = std::sqrt(6.0 / (64 * 9));
  EXPECT_LE(moments.max, limit * (1 + 1e-6));
  EXPECT_GT(moments.max, limit * 0.999);
  EXPECT_NEAR(moments.mean, 0, kSampleTolerance * limit);
  EXPECT_NEAR(moments.std, limit / std::sqrt(3.0), kSampleTolerance * limit);
}

TEST(Initializer, FanInOfAMatrixIsItsRows) {
  const double limit = std::sqrt(6.0 / 1000);
  EXPECT_LE(moments_of(initialize(nn::KaimingUniform{}, {1000, 10})).max, limit * (1 + 1e-6));
  EXPECT_GT(moments_of(initialize(nn::KaimingUniform{}, {1000, 10})).max, limit * 0.99);
  const double xavier = std::sqrt(6.0 / 1010);
  EXPECT_LE(moments_of(initialize(nn::XavierUniform{}, {1000, 10})).max, xavier * (1 + 1e-6));
  EXPECT_GT(moments_of(initialize(nn::XavierUniform{}, {1000, 10})).max, xavier * 0.99);
  EXPECT_NEAR(
      moments_of(initialize(nn::XavierNormal{}, {1000, 10})).std, xavier / std::sqrt(3), 1e-3);
  EXPECT_LE(moments_of(initialize(nn::TruncatedNormal{0.0f, 0.5f}, {1000, 10})).max, 1);
}

TEST(Initializer, KaimingNormalHasItsDeviation) {
  const Moments moments = moments_of(initialize(nn::KaimingNormal{}, {64, 64, 3, 3}));
  const double expected = std::sqrt(2.0 / (64 * 9));
  EXPECT_NEAR(moments.mean, 0, kSampleTolerance * expected);
  EXPECT_NEAR(moments.std, expected, kSampleTolerance * expected);
}

TEST(Initializer, ConstantFills) {
  const Tensor filled = initialize(nn::Constant{1.5f}, {3});
  EXPECT_TRUE(filled.identical(Tensor::from<float>({3}, {1.5f, 1.5f, 1.5f})));
}

TEST(Initializer, EveryNameAndSeedIsAStreamOfItsOwn) {
  const Tensor w = initialize(nn::KaimingUniform{}, {16, 16}, "w", 1);
  EXPECT_TRUE(w.identical(initialize(nn::KaimingUniform{}, {16, 16}, "w", 1)));
  EXPECT_FALSE(w.identical(initialize(nn::KaimingUniform{}, {16, 16}, "v", 1)));
  EXPECT_FALSE(w.identical(initialize(nn::KaimingUniform{}, {16, 16}, "w", 2)));
}

TEST(Initializer, FanNeedsAMatrix) {
  EXPECT_THROW(initialize(nn::KaimingUniform{}, {16}), Error);
}

}  // namespace
}  // namespace intact
