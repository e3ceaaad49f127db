#include "intact/tensor/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "intact/base/error.h"

namespace intact {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    return error.what();
  }
  return "no error";
}

TEST(Tensor, IsZeroFilledAndAligned) {
  const Tensor tensor(DType::Float32, {3, 5});
  EXPECT_THAT(tensor.values<float>(), Each(0.0f));
  EXPECT_EQ(tensor.numel(), 15);
  EXPECT_EQ(tensor.size_bytes(), 60u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.raw()) % 64, 0u);
  EXPECT_TRUE(Tensor(DType::Int8, {0}).is_defined());
  EXPECT_FALSE(Tensor().is_defined());
  EXPECT_EQ(Tensor().numel(), 0);
}

TEST(Tensor, RefusesUnknownAndAbsurdShapes) {
  EXPECT_THAT(error_of([] {
                Tensor(DType::Float32, {-1, 2});
              }),
              HasSubstr("shape [-1,2] has an unknown dimension"));
  EXPECT_THAT(error_of([] { Tensor(DType::Int8, {int64_t{1} << 60}); }),
              HasSubstr("could not be allocated"));
  EXPECT_THAT(error_of([] { Tensor(DType::Float64, {int64_t{1} << 62}); }),
              HasSubstr("could not be allocated"))
      << "2^65 bytes do not fit into 64 bits";
}

TEST(Tensor, CopiesShareMemoryAndClonesDoNot) {
  Tensor a = Tensor::from<int32_t>({2}, {1, 2});
  const Tensor shared = a;
  const Tensor copy = a.clone();
  a.data<int32_t>()[0] = 9;
  EXPECT_THAT(shared.values<int32_t>(), ElementsAre(9, 2));
  EXPECT_THAT(copy.values<int32_t>(), ElementsAre(1, 2));
  EXPECT_FALSE(Tensor().clone().is_defined());
}

TEST(Tensor, AViewDoesNotOwnItsData) {
  float data[2] = {1, 2};
  Tensor view = Tensor::view(DType::Float32, {2}, data);
  view.data<float>()[1] = 5;
  EXPECT_EQ(data[1], 5);
}

TEST(Tensor, FromChecksTheNumberOfValues) {
  EXPECT_THAT(error_of([] {
                Tensor::from<float>({2, 2}, {1, 2, 3});
              }),
              HasSubstr("shape [3] has 3 elements but the tensor [2,2] has 4"));
  EXPECT_EQ(Tensor::scalar(3.0).shape(), Shape{});
  EXPECT_THAT(Tensor::from<bool>({2}, {true, false}).values<bool>(), ElementsAre(true, false));
}

TEST(Tensor, ReshapedSharesMemory) {
  Tensor a = Tensor::from<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = a.reshaped({3, 2});
  a.data<float>()[5] = 9;
  EXPECT_EQ(b.shape(), (Shape{3, 2}));
  EXPECT_EQ(b.values<float>()[5], 9);
  EXPECT_THAT(error_of([&] {
                a.reshaped({4, 2});
              }),
              HasSubstr("shape [4,2] has 8 elements but the tensor [2,3] has 6"));
}

TEST(Tensor, AccessWithAnotherTypeIsAnError) {
  const Tensor a = Tensor::scalar(1.0f);
  EXPECT_THAT(error_of([&] { a.data<double>(); }), HasSubstr("accessed as float64 but float32"));
  EXPECT_THAT(error_of([&] { Tensor().data<float>(); }), HasSubstr("it holds nothing"));
}

TEST(Tensor, IdenticalComparesTypeShapeAndBytes) {
  const Tensor a = Tensor::from<float>({2}, {0.0f, NAN});
  EXPECT_TRUE(a.identical(a.clone())) << "NaN is the same NaN";
  EXPECT_FALSE(a.identical(Tensor::from<float>({2}, {-0.0f, NAN}))) << "-0 has other bytes";
  EXPECT_FALSE(a.identical(a.reshaped({2, 1})));
  EXPECT_FALSE(Tensor::from<int32_t>({1}, {0}).identical(Tensor::from<float>({1}, {0})));
  EXPECT_TRUE(Tensor().identical(Tensor()));
  EXPECT_FALSE(Tensor().identical(Tensor(DType::Float32, {})));
}

TEST(Tensor, CastTruncatesTowardZero) {
  const Tensor a = Tensor::from<float>({4}, {1.9f, -1.9f, 0.5f, -0.5f});
  EXPECT_THAT(a.cast(DType::Int32).values<int32_t>(), ElementsAre(1, -1, 0, 0));
  EXPECT_THAT(a.cast(DType::Bool).values<bool>(), Each(true));
  EXPECT_THAT(
      Tensor::from<int64_t>({1}, {(int64_t{1} << 24) + 1}).cast(DType::Float32).values<float>(),
      ElementsAre(16777216.0f))
      << "rounds to the nearest float";
  EXPECT_THAT(Tensor::from<bool>({2}, {true, false}).cast(DType::Float64).values<double>(),
              ElementsAre(1.0, 0.0));
}

TEST(DType, SizesMatchTheNames) {
  EXPECT_EQ(size_bytes(DType::Bool), 1u);
  EXPECT_EQ(size_bytes(DType::Float16), 2u);
  EXPECT_EQ(size_bytes(DType::Int64), sizeof(int64_t));
  EXPECT_STREQ(to_string(DType::UInt8), "uint8");
  EXPECT_TRUE(is_float(DType::Float16));
  EXPECT_FALSE(is_float(DType::Int32));
}

TEST(Tensor, CastsFloatsThatFitNoIntegerToTheNearest) {
  const Tensor x = Tensor::from<float>({6}, {1724, -508, 127.9f, -1.9f, NAN, 1e30f});
  EXPECT_TRUE(
      x.cast(DType::Int8).identical(Tensor::from<int8_t>({6}, {127, -128, 127, -1, 0, 127})));
  EXPECT_TRUE(x.cast(DType::UInt8).identical(Tensor::from<uint8_t>({6}, {255, 0, 127, 0, 0, 255})));
  EXPECT_EQ(x.cast(DType::Int64).values<int64_t>()[5], std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace intact
