#include "intact/train/learning_rate.h"

#include <gtest/gtest.h>

#include "intact/base/error.h"

namespace intact {
namespace {

TEST(LearningRate, PiecewiseChangesAtItsBoundaries) {
  const LearningRateSchedule rate = piecewise_rate({10, 16}, {0.1f, 0.01f, 0.001f});
  EXPECT_EQ(rate(0), 0.1f);
  EXPECT_EQ(rate(9), 0.1f);
  EXPECT_EQ(rate(10), 0.01f);
  EXPECT_EQ(rate(15), 0.01f);
  EXPECT_EQ(rate(16), 0.001f);
  EXPECT_EQ(rate(1000), 0.001f);
}

TEST(LearningRate, PiecewiseChecksItsLists) {
  EXPECT_THROW(piecewise_rate({10}, {0.1f}), Error);
  EXPECT_THROW(piecewise_rate({10, 10}, {0.1f, 0.2f, 0.3f}), Error);
}

TEST(LearningRate, CosineGoesFromTheRateToZero) {
  const LearningRateSchedule rate = cosine_rate(0.2f, 100);
  EXPECT_EQ(rate(0), 0.2f);
  EXPECT_FLOAT_EQ(rate(50), 0.1f);
  EXPECT_FLOAT_EQ(rate(25), 0.2f * (1 + 0.70710678f) / 2);
  EXPECT_NEAR(rate(100), 0.0f, 1e-9f);  // cos(pi) in double
  EXPECT_EQ(rate(100), rate(200));
}

TEST(LearningRate, WarmUpIsALineThenTheScheduleFromItsStart) {
  const LearningRateSchedule rate =
      linear_warm_up(0.0f, 0.1f, 10, piecewise_rate({5}, {0.1f, 0.01f}));
  EXPECT_EQ(rate(0), 0.0f);
  EXPECT_FLOAT_EQ(rate(5), 0.05f);
  EXPECT_EQ(rate(10), 0.1f);
  EXPECT_EQ(rate(14), 0.1f);
  EXPECT_EQ(rate(15), 0.01f);
}

TEST(LearningRate, IsWrittenIntoTheScope) {
  Scope scope;
  scope.set("learning_rate_0", Tensor::scalar(1.0f));
  set_learning_rate(scope, "learning_rate_0", 0.25f);
  EXPECT_EQ(scope.get("learning_rate_0").values<float>()[0], 0.25f);
  EXPECT_THROW(set_learning_rate(scope, "learning_rate_1", 0.25f), Error);
}

}  // namespace
}  // namespace intact
