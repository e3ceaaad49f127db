// The rules of quantize.h by hand: ties, ends of the range, the scale floor, the moving average.
#include "intact/tensor/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace intact {
namespace {

/// Code at 8 bits with scale 127: b * inverse is 1 up to rounding, so x is its own code.
float code(float x, RoundType round) {
  return quantize_code(x, 127.0f, 1.0f / 127.0f, 127.0f, round);
}

TEST(Quantize, MaxCodeIsTheLargestOfTheBits) {
  EXPECT_EQ(max_code(8), 127);
  EXPECT_EQ(max_code(4), 7);
  EXPECT_EQ(max_code(16), 32767);
  EXPECT_EQ(max_code(1), 0);
}

TEST(Quantize, TiesGoToEvenOrAwayFromZero) {
  ASSERT_EQ(127.0f * (1.0f / 127.0f), 1.0f) << "the ties below are exact";
  struct Tie {
    float x, even, away;
  };
  for (const Tie& tie : {Tie{0.5f, 0, 1},
                         {1.5f, 2, 2},
                         {2.5f, 2, 3},
                         {-0.5f, -0.0f, -1},
                         {-1.5f, -2, -2},
                         {-2.5f, -2, -3},
                         {126.5f, 126, 127},
                         {0.49999997f, 0, 0},
                         {2.5000002f, 3, 3}}) {
    EXPECT_EQ(code(tie.x, RoundType::TiesToEven), tie.even) << tie.x;
    EXPECT_EQ(code(tie.x, RoundType::TiesAwayFromZero), tie.away) << tie.x;
  }
}

TEST(Quantize, TheRangeHasOneMoreNegativeCodeOnlyForTiesToEven) {
  EXPECT_EQ(code(1000, RoundType::TiesToEven), 127);
  EXPECT_EQ(code(-1000, RoundType::TiesToEven), -128);
  EXPECT_EQ(code(-127.6f, RoundType::TiesToEven), -128);
  EXPECT_EQ(code(1000, RoundType::TiesAwayFromZero), 127);
  EXPECT_EQ(code(-1000, RoundType::TiesAwayFromZero), -127);
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(code(inf, RoundType::TiesToEven), 127);
  EXPECT_EQ(code(-inf, RoundType::TiesAwayFromZero), -127);
}

TEST(Quantize, ProductsAreTakenLeftToRight) {
  // fl(fl(127 * fl(1/0.3)) * x), not 127 * fl(fl(1/0.3) * x): an x where the two codes differ.
  const float scale = 0.3f;
  const float inverse = inverse_scale(scale);
  int differing = 0;
  for (int i = 0; i < 2'000'000; ++i) {
    const float x = static_cast<float>(i) * 1.5e-7f;
    const float left = std::nearbyint(127.0f * inverse * x);
    const float right = std::nearbyint(127.0f * (inverse * x));
    differing += left != right ? 1 : 0;
    if (left != right) {
      ASSERT_EQ(quantize_code(x, scale, inverse, 127.0f, RoundType::TiesToEven), left);
    }
  }
  EXPECT_GT(differing, 0);
}

TEST(Quantize, AnAllZeroTensorGetsCodeZero) {
  EXPECT_EQ(inverse_scale(0.0f), 1.0f / 1e-6f);
  EXPECT_EQ(inverse_scale(1e-30f), 1.0f / (1e-30f + 1e-6f));
  EXPECT_EQ(inverse_scale(2e-30f), 1.0f / 2e-30f);
  EXPECT_EQ(inverse_scale(0.25), 4.0);
  for (RoundType round : {RoundType::TiesToEven, RoundType::TiesAwayFromZero}) {
    EXPECT_EQ(quantize_code(0.0f, 0.0f, inverse_scale(0.0f), 127.0f, round), 0);
  }
}

TEST(Quantize, EveryCodeSurvivesTheRoundTrip) {
  for (float scale : {1.0f, 0.3f, 6.0f, 1e-20f, 3e20f}) {
    for (RoundType round : {RoundType::TiesToEven, RoundType::TiesAwayFromZero}) {
      for (int q = -127; q <= 127; ++q) {
        const float x = dequantize_code(static_cast<float>(q), scale, 127.0f);
        EXPECT_EQ(quantize_code(x, scale, inverse_scale(scale), 127.0f, round), q) << scale;
      }
    }
  }
}

TEST(Quantize, ConvertedWeightsDivideAndClip) {
  EXPECT_EQ(convert_weight_code(0.5f, 1.0f, 127.0f), 64) << "63.5: ties to even";
  EXPECT_EQ(convert_weight_code(-0.5f, 1.0f, 127.0f), -64);
  EXPECT_EQ(convert_weight_code(3.0f, 1.0f, 127.0f), 127);
  EXPECT_EQ(convert_weight_code(-3.0f, 1.0f, 127.0f), -127);
  EXPECT_EQ(convert_weight_code(0.0f, 0.0f, 127.0f), 0) << "an all-zero channel";
  EXPECT_EQ(convert_weight_code(1.0f, 0.0f, 127.0f), 127);
}

TEST(Quantize, MovingAverageStartsUnbiased) {
  float state = 0;
  float accum = 0;
  EXPECT_EQ(update_moving_average(4.0f, 0.5f, state, accum), 4.0f);
  EXPECT_EQ(state, 1);
  EXPECT_EQ(accum, 4);
  EXPECT_EQ(update_moving_average(1.0f, 0.5f, state, accum), 3.0f / 1.5f);
  EXPECT_EQ(state, 1.5f);
  EXPECT_EQ(accum, 3);
}

}  // namespace
}  // namespace intact
