// Layer functions besides those of the tutorial's network.
#include <gtest/gtest.h>

#include "intact/ir/interpret.h"
#include "intact/nn/conv2d_transpose.h"
#include "intact/nn/create_parameter.h"
#include "intact/nn/data.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/embedding.h"
#include "intact/nn/layer_norm.h"
#include "intact/nn/prelu.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "support/check_op.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

class MoreLayers : public ::testing::Test {
 protected:
  Tensor run(const TensorMap& feeds, const Var& fetch) {
    Scope scope;
    interpret(startup, {}, {}, scope);
    return interpret(main, feeds, {fetch.name()}, scope)[0];
  }

  Program main;
  Program startup;
  ProgramGuard guard{main, startup};
};

TEST_F(MoreLayers, EmbeddingLooksUpRowsButNotThePadding) {
  Var& ids = nn::data("ids", {-1, 2}, DType::Int64);
  Var& out = nn::embedding(
      ids, {.rows = 3, .width = 2, .padding_idx = -3, .weight = {.initializer = nn::Constant{4}}});
  EXPECT_EQ(main.var("embedding_0.w_0").shape(), (Shape{3, 2}));
  EXPECT_EQ(out.shape(), (Shape{-1, 2, 2}));
  EXPECT_TRUE(run({{"ids", Tensor::from<int64_t>({1, 2}, {0, 2})}}, out)
                  .identical(Tensor::from<float>({1, 2, 2}, {0, 0, 4, 4})));
  expect_error(ErrorCode::InvalidArgument, {"padding_idx is 3", "3 rows"}, [&] {
    nn::embedding(ids, {.rows = 3, .width = 2, .padding_idx = 3});
  });
  expect_error(ErrorCode::InvalidArgument, {"[0,2]"}, [&] { nn::embedding(ids, {.width = 2}); });
}

TEST_F(MoreLayers, LayerNormHasMeanZeroAndDeviationOne) {
  Var& x = nn::data("x", {-1, 4});
  Var& y = nn::layer_norm(x);
  EXPECT_EQ(main.var("layer_norm_0.w_0").shape(), (Shape{4}));
  const float s = 1 / std::sqrt(1.25f + 1e-5f);
  expect_close(run({{"x", Tensor::from<float>({1, 4}, {1, 2, 3, 4})}}, y),
               Tensor::from<float>({1, 4}, {-1.5f * s, -0.5f * s, 0.5f * s, 1.5f * s}),
               1e-6);
  nn::layer_norm(x, {.name = "bare", .scale = {}, .shift = {}});
  EXPECT_EQ(main.block().find_var("bare.w_0"), nullptr);
  expect_error(ErrorCode::InvalidArgument, {"begin_norm_axis is 2", "[-1,4]"}, [&] {
    nn::layer_norm(x, {.begin_norm_axis = 2});
  });
}

TEST_F(MoreLayers, PreluHasOneSlopeOrOneAChannel) {
  Var& x = nn::data("x", {-1, 2, 1, 2});
  Var& y = nn::prelu(x);
  EXPECT_TRUE(run({{"x", Tensor::from<float>({1, 2, 1, 2}, {-4, 4, -8, 8})}}, y)
                  .identical(Tensor::from<float>({1, 2, 1, 2}, {-1, 4, -2, 8})));
  nn::prelu(x, {.mode = "channel"});
  EXPECT_EQ(main.var("prelu_1.w_0").shape(), (Shape{1, 2, 1, 1}));
  expect_error(
      ErrorCode::InvalidArgument, {"mode is 'some'"}, [&] { nn::prelu(x, {.mode = "some"}); });
}

TEST_F(MoreLayers, TransposedConvolutionSpreadsEachElement) {
  Var& x = nn::data("x", {-1, 1, 1, 2});
  Var& y = nn::conv2d_transpose(x,
                                {.filters = 1,
                                 .kernel = {1, 2},
                                 .stride = {1, 2},
                                 .weight = {.initializer = nn::Constant{3}},
                                 .bias = nn::ParamAttr{.initializer = nn::Constant{1}}});
  EXPECT_TRUE(run({{"x", Tensor::from<float>({1, 1, 1, 2}, {1, 2})}}, y)
                  .identical(Tensor::from<float>({1, 1, 1, 4}, {4, 4, 7, 7})));
  EXPECT_EQ(main.var("conv2d_transpose_0.w_0").shape(), (Shape{1, 1, 1, 2}));
  expect_error(ErrorCode::InvalidArgument, {"filters is 3 and groups is 2"}, [&] {
    nn::conv2d_transpose(x, {.filters = 3, .groups = 2});
  });
}

TEST_F(MoreLayers, ParametersAndElementwiseOps) {
  Var& x = nn::data("x", {-1, 2});
  Var& w = nn::create_parameter({2}, {.name = "w", .initializer = nn::Constant{2}});
  Var& b = nn::create_parameter({2}, {}, /*is_bias=*/true);
  EXPECT_TRUE(w.is_parameter());
  EXPECT_EQ(b.name(), "create_parameter_1.b_0");
  Var& product = nn::elementwise_mul(nn::elementwise_sub(x, b), w);
  Var& ratio = nn::elementwise_div(nn::elementwise_max(product, w), nn::elementwise_min(x, w));
  // max([6,-2], 2) / min([3,-1], 2) = [3,-2]
  EXPECT_TRUE(run({{"x", Tensor::from<float>({1, 2}, {3, -1})}}, ratio)
                  .identical(Tensor::from<float>({1, 2}, {3, -2})));
  Var& sum = nn::reduce_sum(product);
  EXPECT_EQ(run({{"x", Tensor::from<float>({1, 2}, {3, -1})}}, sum).values<float>()[0], 4);
  EXPECT_EQ(nn::reduce_sum(product, {1}, true).shape(), (Shape{-1, 1}));
}

}  // namespace
}  // namespace intact
