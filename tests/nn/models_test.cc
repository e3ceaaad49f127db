#include <gtest/gtest.h>

#include <map>

#include "intact/base/error.h"
#include "intact/ir/interpret.h"
#include "intact/nn/data.h"
#include "intact/nn/models/registry.h"
#include "intact/nn/program_guard.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

struct Network {
  Program main;
  Program startup;
  std::string output;
  Shape output_shape;
};

Network build(const std::string& name, const Shape& image, const nn::ModelOptions& options) {
  Network network;
  ProgramGuard guard(network.main, network.startup);
  Var& out = nn::build_model(name, nn::data("image", image), options);
  network.output = out.name();
  network.output_shape = out.shape();
  return network;
}

struct Counts {
  int64_t trainable = 0;   // elements
  int64_t statistics = 0;  // elements
  int tensors = 0;         // trainable ones
};

Counts count(const Program& program) {
  Counts counts;
  for (const Var* var : program.block().vars()) {
    if (var->is_parameter()) {
      counts.trainable += var->shape().numel();
      ++counts.tensors;
    } else if (var->is_persistable()) {
      counts.statistics += var->shape().numel();
    }
  }
  return counts;
}

std::map<std::string, int> op_counts(const Program& program) {
  std::map<std::string, int> counts;
  for (const Op* op : program.ops()) {
    ++counts[op->type()];
  }
  return counts;
}

TEST(MobilenetV1, HasTheZoosParameters) {
  const Network network = build("mobilenet_v1", {-1, 1, 28, 28}, {.class_dim = 10});
  const Counts counts = count(network.main);  // spec 1.2
  EXPECT_EQ(counts.trainable, 3216650);
  EXPECT_EQ(counts.statistics, 21888);
  EXPECT_EQ(counts.tensors, 83);
  EXPECT_EQ(network.output_shape, (Shape{-1, 10}));
  const auto shape = [&](const std::string& name) { return network.main.var(name).shape(); };
  EXPECT_EQ(shape("conv1_weights"), (Shape{32, 1, 3, 3}));
  EXPECT_EQ(shape("conv2_1_dw_weights"), (Shape{32, 1, 3, 3}));
  EXPECT_EQ(shape("conv5_6_sep_weights"), (Shape{1024, 512, 1, 1}));
  EXPECT_EQ(shape("conv6_sep_bn_variance"), (Shape{1024}));
  EXPECT_EQ(shape("fc7_weights"), (Shape{1024, 10}));
  EXPECT_EQ(shape("fc7_offset"), (Shape{10}));
}

TEST(MobilenetV1, HasTheZoosOps) {
  const Network network =
      build("mobilenet_v1", {-1, 1, 28, 28}, {.class_dim = 10, .softmax_output = true});
  const std::map<std::string, int> expected = {{"conv2d", 14},
                                               {"depthwise_conv2d", 13},
                                               {"batch_norm", 27},
                                               {"relu", 27},
                                               {"pool2d", 1},
                                               {"mul", 1},
                                               {"elementwise_add", 1},
                                               {"softmax", 1}};
  EXPECT_EQ(op_counts(network.main), expected);
  const Network logits = build("mobilenet_v1", {-1, 1, 28, 28}, {.class_dim = 10});
  EXPECT_EQ(op_counts(logits.main).count("softmax"), 0u);
}

TEST(MobilenetV1, ScaleTruncatesChannels) {
  const Network network = build("mobilenet_v1", {-1, 1, 28, 28}, {.class_dim = 10, .scale = 0.35f});
  EXPECT_EQ(network.main.var("conv1_weights").shape()[0], 11);  // int(11.2)
  EXPECT_EQ(network.main.var("fc7_weights").shape()[0], 358);   // int(358.4)
}

TEST(MobilenetV2, HasTheZoosParameters) {
  const Network network = build("mobilenet_v2", {-1, 3, 224, 224}, {});
  // The published count, plus the first block's 1x1 expansion, which the zoo has and the paper not.
  EXPECT_EQ(count(network.main).trainable, 3504872 + 32 * 32 + 2 * 32);
  EXPECT_EQ(network.output_shape, (Shape{-1, 1000}));
  EXPECT_EQ(op_counts(network.main).at("elementwise_add"), 11);  // 10 residuals and the bias
}

TEST(Resnet, HasThePublishedParameters) {
  EXPECT_EQ(count(build("resnet18", {-1, 3, 224, 224}, {}).main).trainable, 11689512);
  EXPECT_EQ(count(build("resnet50", {-1, 3, 224, 224}, {}).main).trainable, 25557032);
}

TEST(Resnet, NamesItsBranchesAsTheZoo) {
  const Network network = build("resnet50", {-1, 1, 28, 28}, {.class_dim = 10});
  EXPECT_EQ(network.main.var("conv1_weights").shape(), (Shape{64, 1, 7, 7}));
  EXPECT_EQ(network.main.var("res2a_branch1_weights").shape(), (Shape{256, 64, 1, 1}));
  EXPECT_EQ(network.main.var("bn5c_branch2c_variance").shape(), (Shape{2048}));
}

TEST(Models, RunOnGrayImagesOf28) {
  for (const std::string name : {"lenet", "mobilenet_v1"}) {
    nn::ModelOptions options{.class_dim = 10, .softmax_output = true};
    if (name == "mobilenet_v1") {
      options.scale = 0.125f;
    }
    const Network network = build(name, {-1, 1, 28, 28}, options);
    Scope scope;
    interpret(network.startup, {}, {}, scope);
    const Tensor out = interpret(network.main.clone_for_test(),
                                 {{"image", random_tensor({2, 1, 28, 28}, 1)}},
                                 {network.output},
                                 scope)
                           .at(0);
    ASSERT_EQ(out.shape(), (Shape{2, 10}));
    for (int row = 0; row < 2; ++row) {
      float sum = 0;
      for (int column = 0; column < 10; ++column) {
        sum += out.values<float>()[static_cast<size_t>(row * 10 + column)];
      }
      EXPECT_NEAR(sum, 1.0f, 1e-6f);  // 10 fp32 roundings of numbers below 1
    }
  }
}

TEST(Models, UnknownNameGivesTheNearest) {
  try {
    build("mobilenet_v3", {-1, 1, 28, 28}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("nearest is 'mobilenet_v"));
  }
}

TEST(Models, FixedModelsRefuseAScale) {
  EXPECT_THROW(build("lenet", {-1, 1, 28, 28}, {.scale = 0.5f}), Error);
  EXPECT_THROW(build("resnet18", {-1, 1, 28, 28}, {.scale = 0.5f}), Error);
}

}  // namespace
}  // namespace intact
