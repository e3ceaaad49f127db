#include "intact/data/transforms.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace intact {
namespace {

Tensor counting(Shape shape) {
  std::vector<float> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i);
  }
  return Tensor::from<float>(std::move(shape), values);
}

TEST(Transpose, GivesATwoAxisImageAChannelAxisInFront) {
  EXPECT_TRUE(Transform(Transpose())(counting({2, 3})).identical(counting({1, 2, 3})));
}

TEST(Transpose, MovesChannelsToTheFront) {
  const Tensor result = Transform(Transpose())(counting({2, 2, 3}));
  EXPECT_TRUE(
      result.identical(Tensor::from<float>({3, 2, 2}, {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11})));
}

TEST(Transpose, RefusesAnOrderThatIsNoPermutation) {
  expect_error(ErrorCode::InvalidArgument, {"[0, 0, 1]", "[2,2,3]"}, [] {
    Transform(Transpose({0, 0, 1}))(counting({2, 2, 3}));
  });
}

TEST(Normalize, MapsBytesToMinusOneToOne) {
  const Tensor image = Tensor::from<float>({1, 1, 4}, {0, 127.5f, 255, 3});
  const Tensor result = Transform(Normalize({127.5f}, {127.5f}))(image);
  EXPECT_TRUE(
      result.identical(Tensor::from<float>({1, 1, 4}, {-1, 0, 1, (3.0f - 127.5f) / 127.5f})));
}

TEST(Normalize, TakesOneMeanPerChannelInBothLayouts) {
  const Tensor chw = Transform(Normalize({0, 2}, {1, 2}))(counting({2, 1, 2}));
  EXPECT_TRUE(chw.identical(Tensor::from<float>({2, 1, 2}, {0, 1, 0, 0.5f})));
  const Tensor hwc = Transform(Normalize({0, 1}, {1, 2}, ImageLayout::Hwc))(counting({1, 2, 2}));
  EXPECT_TRUE(hwc.identical(Tensor::from<float>({1, 2, 2}, {0, 0, 2, 1})));
}

TEST(Normalize, RefusesWrongCountsAndZeroDeviation) {
  expect_error(ErrorCode::InvalidArgument, {"2 means", "1 standard"}, [] {
    Normalize({1, 2}, {1});
  });
  expect_error(ErrorCode::InvalidArgument, {"deviation is 0"}, [] { Normalize({1}, {0}); });
  expect_error(ErrorCode::InvalidArgument, {"3 means", "2 channels"}, [] {
    Transform(Normalize({1, 2, 3}, {1, 2, 3}))(counting({2, 1, 1}));
  });
}

TEST(RandomHorizontalFlip, MirrorsAboutHalfTheSamplesAndTheSameOnesAgain) {
  const Transform flip = RandomHorizontalFlip(0.5f, 3);
  const Tensor image = counting({1, 1, 3});
  const Tensor mirrored = Tensor::from<float>({1, 1, 3}, {2, 1, 0});
  int flips = 0;
  for (int64_t index = 0; index < 1000; ++index) {
    const Tensor result = flip(image, {.epoch = 1, .index = index});
    EXPECT_TRUE(result.identical(flip(image, {.epoch = 1, .index = index})));
    ASSERT_TRUE(result.identical(image) || result.identical(mirrored));
    flips += result.identical(mirrored);
  }
  EXPECT_NEAR(flips, 500, 80);  // 5 standard deviations of a fair coin
}

TEST(RandomHorizontalFlip, KeepsThePixelsOfHwcTogether) {
  const Tensor result =
      Transform(RandomHorizontalFlip(1.0f, 0, ImageLayout::Hwc))(counting({1, 2, 2}));
  EXPECT_TRUE(result.identical(Tensor::from<float>({1, 2, 2}, {2, 3, 0, 1})));
}

TEST(RandomCrop, CutsEveryWindowOfThePaddedImage) {
  const Transform crop = RandomCrop(2, 2, 1, 9);
  const Tensor image = Tensor::from<float>({1, 2, 2}, {1, 2, 3, 4});
  std::vector<std::vector<float>> seen;
  for (int64_t index = 0; index < 300; ++index) {
    const Tensor result = crop(image, {.epoch = 0, .index = index});
    ASSERT_EQ(result.shape(), (Shape{1, 2, 2}));
    const auto values = result.values<float>();
    seen.emplace_back(values.begin(), values.end());
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  const std::vector<std::vector<float>> windows = {{0, 0, 0, 1},
                                                   {0, 0, 1, 2},
                                                   {0, 0, 2, 0},
                                                   {0, 1, 0, 3},
                                                   {0, 3, 0, 0},
                                                   {1, 2, 3, 4},
                                                   {2, 0, 4, 0},
                                                   {3, 4, 0, 0},
                                                   {4, 0, 0, 0}};
  EXPECT_EQ(seen, windows);
}

TEST(RandomCrop, RefusesAWindowThatDoesNotFit) {
  expect_error(ErrorCode::InvalidArgument, {"5x2", "[1,2,2]"}, [] {
    Transform(RandomCrop(5, 2, 1))(counting({1, 2, 2}));
  });
}

}  // namespace
}  // namespace intact
