#include "intact/tensor/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/base/error.h"

namespace intact {
namespace {

using ::testing::HasSubstr;

TEST(Shape, CountsElements) {
  EXPECT_EQ((Shape{2, 3, 4}).numel(), 24);
  EXPECT_EQ(Shape{}.numel(), 1) << "a scalar";
  EXPECT_EQ((Shape{2, 0, 4}).numel(), 0);
  EXPECT_EQ((Shape{2, -1, 4}).numel(), -1);
  EXPECT_EQ((Shape{-1, 3, 4}).numel(1, 3), 12);
  EXPECT_EQ((Shape{2, 3, 4}).numel(1, 1), 1);
}

TEST(Shape, RefusesMoreElementsThanFit) {
  EXPECT_EQ((Shape{int64_t{1} << 31, int64_t{1} << 31}).numel(), int64_t{1} << 62);
  for (const Shape& huge : {Shape{int64_t{1} << 31, int64_t{1} << 31, 2},
                            Shape{INT64_MAX, 2},
                            Shape{INT64_MAX, INT64_MAX, INT64_MAX}}) {
    try {
      huge.numel();
      ADD_FAILURE() << huge.to_string();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(huge.to_string() + " has more than 2^62 elements"));
    }
  }
}

TEST(Shape, NegativeAxesCountFromTheEnd) {
  Shape shape = {2, 3, 4};
  EXPECT_EQ(shape[-1], 4);
  EXPECT_EQ(shape[0], 2);
  shape[-2] = 7;
  EXPECT_EQ(shape, (Shape{2, 7, 4}));
  EXPECT_THROW(shape[3], Error);
  EXPECT_THROW(shape[-4], Error);
  EXPECT_THROW(Shape{}[0], Error);
}

TEST(Shape, PrintsWithoutSpaces) {
  EXPECT_EQ((Shape{-1, 1, 28, 28}).to_string(), "[-1,1,28,28]");
  EXPECT_EQ(Shape{}.to_string(), "[]");
}

TEST(Shape, UnknownDimensionsAreCompatibleWithAny) {
  EXPECT_TRUE(compatible(Shape{-1, 3}, Shape{8, 3}));
  EXPECT_TRUE(compatible(Shape{8, 3}, Shape{-1, -1}));
  EXPECT_FALSE(compatible(Shape{8, 3}, Shape{8, 4}));
  EXPECT_FALSE(compatible(Shape{8}, Shape{8, 1}));
  EXPECT_TRUE((Shape{1}).is_known());
  EXPECT_FALSE((Shape{1, -1}).is_known());
}

}  // namespace
}  // namespace intact
