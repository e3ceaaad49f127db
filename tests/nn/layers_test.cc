#include <gtest/gtest.h>

#include "intact/base/error.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/dropout.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/fc.h"
#include "intact/nn/pool2d.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "intact/nn/shape_ops.h"

namespace intact {
namespace {

class Layers : public ::testing::Test {
 protected:
  Program main;
  Program startup;
  ProgramGuard guard{main, startup};
};

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    return error.what();
  }
  return "no error";
}

TEST_F(Layers, GuardsNestAndEndWithTheirBlock) {
  Program inner_main;
  Program inner_startup;
  EXPECT_EQ(&default_main_program(), &main);
  {
    ProgramGuard inner(inner_main, inner_startup);
    EXPECT_EQ(&default_main_program(), &inner_main);
    EXPECT_EQ(&default_startup_program(), &inner_startup);
  }
  EXPECT_EQ(&default_main_program(), &main);
  EXPECT_EQ(&default_startup_program(), &startup);
}

TEST_F(Layers, ConvUsesPaddlesNamesAndKeepsTheBatchFree) {
  Var& image = nn::data("image", {-1, 3, 28, 28});
  const nn::Conv2dOptions options{.filters = 8, .kernel = 5, .activation = "relu", .name = "c1"};
  Var& named = nn::conv2d(image, options);
  Var& plain = nn::conv2d(named, {.filters = 4, .kernel = {1, 3}, .padding = {0, 1}, .bias = {}});
  EXPECT_EQ(named.name(), "c1.tmp_2");
  EXPECT_EQ(named.shape(), (Shape{-1, 8, 24, 24}));
  EXPECT_EQ(main.var("c1.w_0").shape(), (Shape{8, 3, 5, 5}));
  EXPECT_EQ(main.var("c1.b_0").shape(), (Shape{8}));
  EXPECT_EQ(plain.name(), "conv2d_0.tmp_0");
  EXPECT_EQ(plain.shape(), (Shape{-1, 4, 24, 24}));
  EXPECT_EQ(main.block().find_var("conv2d_0.b_0"), nullptr);
  EXPECT_TRUE(image.is_data());
  EXPECT_TRUE(image.stop_gradient());
}

TEST_F(Layers, OneGroupPerChannelIsADepthwiseConvolution) {
  Var& image = nn::data("image", {-1, 4, 8, 8});
  const auto type_for = [&](int groups, bool use_depthwise) {
    Var& out = nn::conv2d(
        image, {.filters = 8, .groups = groups, .use_depthwise = use_depthwise, .bias = {}});
    return out.producer()->type();
  };
  EXPECT_EQ(type_for(4, true), "depthwise_conv2d");
  EXPECT_EQ(type_for(4, false), "conv2d");
  EXPECT_EQ(type_for(2, true), "conv2d");
  Var& gray = nn::data("gray", {-1, 1, 8, 8});
  EXPECT_EQ(nn::conv2d(gray, {.filters = 2, .bias = {}}).producer()->type(), "conv2d");
}

TEST_F(Layers, ShapeErrorsNameTheLayerAndBothValues) {
  const nn::ParamAttr attr{.name = "w"};
  const nn::Conv2dOptions stem{.filters = 4, .groups = 2, .name = "stem"};
  const nn::FcOptions head{.size = 0, .name = "head"};
  Var& image = nn::data("image", {-1, 3, 28, 28});
  EXPECT_THAT(message_of([&] { nn::conv2d(image, stem); }),
              ::testing::AllOf(::testing::HasSubstr("conv2d 'stem'"),
                               ::testing::HasSubstr("3 channels"),
                               ::testing::HasSubstr("groups=2")));
  Var& flat = nn::data("flat", {-1, 10});
  EXPECT_THAT(
      message_of([&] { nn::conv2d(flat, {.filters = 4, .weight = {.name = "w"}}); }),
      ::testing::AllOf(::testing::HasSubstr("conv2d 'w'"), ::testing::HasSubstr("[-1,10]")));
  EXPECT_THAT(message_of([&] { nn::fc(flat, head); }),
              ::testing::HasSubstr("fc 'head': input [-1,10]"));
  nn::fc(flat, {.size = 5, .weight = attr});
  EXPECT_THAT(message_of([&] { nn::fc(flat, {.size = 6, .weight = attr}); }),
              ::testing::AllOf(::testing::HasSubstr("[10,6]"), ::testing::HasSubstr("[10,5]")));
}

TEST_F(Layers, ParametersOfOneNameAreShared) {
  Var& x = nn::data("x", {-1, 10});
  const auto layer = [&] { return &nn::fc(x, {.size = 5, .weight = {.name = "w"}, .bias = {}}); };
  Var* a = layer();
  Var* b = layer();
  EXPECT_EQ(&a->producer()->input("Y"), &b->producer()->input("Y"));
  EXPECT_EQ(startup.ops().size(), 1u);
}

TEST_F(Layers, BatchNormHasFourPersistablesAndTwoParameters) {
  Var& x = nn::data("x", {-1, 3, 4, 4});
  Var& y = nn::batch_norm(x, {.activation = "relu"});
  EXPECT_EQ(y.name(), "batch_norm_0.tmp_4");  // as Paddle numbers it
  int parameters = 0;
  int persistables = 0;
  for (const Var* var : main.block().vars()) {
    parameters += var->is_parameter() ? 1 : 0;
    persistables += var->is_persistable() ? 1 : 0;
  }
  EXPECT_EQ(parameters, 2);
  EXPECT_EQ(persistables, 4);
  EXPECT_EQ(startup.ops().size(), 4u);
}

TEST_F(Layers, ParamAttrReachesTheParameter) {
  Var& x = nn::data("x", {-1, 2});
  nn::fc(x,
         {.size = 1,
          .weight = {.name = "w", .learning_rate = 0.5f, .trainable = false, .l2_decay = 0.25f}});
  const VarOptions& options = main.var("w").options();
  EXPECT_EQ(options.learning_rate, 0.5f);
  EXPECT_EQ(options.l2_decay, 0.25f);
  EXPECT_TRUE(options.stop_gradient);
}

TEST_F(Layers, LossAndShapeLayersGiveTheirShapes) {
  Var& x = nn::data("x", {-1, 2, 3, 4});
  Var& label = nn::reshape(nn::data("label", {-1}, DType::Int64), {-1, 1});
  EXPECT_EQ(label.shape(), (Shape{-1, 1}));
  EXPECT_TRUE(label.stop_gradient());
  EXPECT_EQ(nn::flatten(x).shape(), (Shape{-1, 24}));
  EXPECT_EQ(nn::transpose(x, {0, 2, 3, 1}).shape(), (Shape{-1, 3, 4, 2}));
  EXPECT_EQ(nn::concat({&x, &x}, 1).shape(), (Shape{-1, 4, 3, 4}));
  EXPECT_EQ(nn::cast(x, DType::Int32).dtype(), DType::Int32);
  EXPECT_EQ(nn::global_average_pool(x).shape(), (Shape{-1, 2, 1, 1}));
  Var& logits = nn::fc(x, {.size = 10});
  EXPECT_EQ(nn::cross_entropy(logits, label).shape(), Shape{});
  EXPECT_EQ(nn::cross_entropy(logits, label, {.reduction = nn::Reduction::None}).shape(),
            (Shape{-1, 1}));
}

TEST_F(Layers, DropoutDrawsAStreamOfItsOwn) {
  Var& x = nn::data("x", {-1, 2});
  const int32_t a = nn::dropout(x).producer()->attr<int32_t>("seed");
  const int32_t b = nn::dropout(x).producer()->attr<int32_t>("seed");
  EXPECT_GT(a, 0);
  EXPECT_GT(b, 0);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace intact
