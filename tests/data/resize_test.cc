#include "intact/data/resize.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace intact {
namespace {

TEST(Resize, InterpolatesBetweenPixelCentres) {
  // cv2.resize(x, (4, 2)): columns at 0 (clamped), 0.25, 0.75, 1 (clamped).
  const Tensor image = Tensor::from<float>({2, 2}, {0, 4, 8, 16});
  EXPECT_TRUE(Transform(Resize(2, 4))(image).identical(
      Tensor::from<float>({2, 4}, {0, 1, 3, 4, 8, 10, 14, 16})));
}

TEST(Resize, LeavesAnImageOfTheSizeAlone) {
  const Tensor image = Tensor::from<float>({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_TRUE(Transform(Resize(2, 3))(image).identical(image));
}

TEST(Resize, KeepsChannelsApartInBothLayouts) {
  const Tensor chw = Tensor::from<float>({2, 1, 2}, {0, 2, 10, 30});
  EXPECT_TRUE(Transform(Resize(1, 1))(chw).identical(Tensor::from<float>({2, 1, 1}, {1, 20})));
  const Tensor hwc = Tensor::from<float>({1, 2, 2}, {0, 10, 2, 30});
  EXPECT_TRUE(Transform(Resize(1, 1, Interpolation::Bilinear, ImageLayout::Hwc))(hwc).identical(
      Tensor::from<float>({1, 1, 2}, {1, 20})));
}

TEST(Resize, TakesTheNearestPixelOfBytes) {
  const Tensor image = Tensor::from<uint8_t>({1, 4}, {1, 2, 3, 4});
  EXPECT_TRUE(Transform(Resize(1, 2, Interpolation::Nearest))(image).identical(
      Tensor::from<float>({1, 2}, {1, 3})));
}

TEST(Resize, KeepsTheAspectWhenOneSizeIsGiven) {
  const Tensor image(DType::Float32, {3, 30, 20});
  EXPECT_EQ(Transform(Resize(10))(image).shape(), (Shape{3, 15, 10}));
  EXPECT_EQ(Transform(Resize(10))(Tensor(DType::Float32, {20, 30})).shape(), (Shape{10, 15}));
}

TEST(Resize, RefusesEmptySizes) {
  expect_error(ErrorCode::InvalidArgument, {"0x3"}, [] { Resize(0, 3); });
  expect_error(ErrorCode::InvalidArgument, {"[2]"}, [] {
    Transform(Resize(1, 1))(Tensor(DType::Float32, {2}));
  });
}

}  // namespace
}  // namespace intact
