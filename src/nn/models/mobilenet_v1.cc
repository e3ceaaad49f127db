#include "intact/nn/models/mobilenet_v1.h"

#include "intact/nn/fc.h"
#include "intact/nn/pool2d.h"
#include "nn/models/zoo.h"

namespace intact::nn {
namespace {

struct Block {
  const char* name;
  int filters_in;
  int filters_out;
  int stride;
};

constexpr Block kBlocks[] = {
    {"conv2_1", 32, 64, 1},
    {"conv2_2", 64, 128, 2},
    {"conv3_1", 128, 128, 1},
    {"conv3_2", 128, 256, 2},
    {"conv4_1", 256, 256, 1},
    {"conv4_2", 256, 512, 2},
    {"conv5_1", 512, 512, 1},
    {"conv5_2", 512, 512, 1},
    {"conv5_3", 512, 512, 1},
    {"conv5_4", 512, 512, 1},
    {"conv5_5", 512, 512, 1},
    {"conv5_6", 512, 1024, 2},
    {"conv6", 1024, 1024, 1},
};

/// 3x3 convolution of each channel alone, then 1x1 across channels.
Var& depthwise_separable(Var& x, const Block& block, float scale) {
  const std::string name = block.name;
  const int channels = scaled(block.filters_in, scale);
  Var& depthwise = conv_bn(
      x, {.prefix = name + "_dw", .filters = channels, .stride = block.stride, .groups = channels});
  return conv_bn(
      depthwise,
      {.prefix = name + "_sep", .filters = scaled(block.filters_out, scale), .kernel = 1});
}

}  // namespace

Var& mobilenet_v1(Var& image, const ModelOptions& options) {
  Var* x = &conv_bn(
      image, {.prefix = "conv1", .filters = scaled(32, options.scale), .kernel = 3, .stride = 2});
  for (const Block& block : kBlocks) {
    x = &depthwise_separable(*x, block, options.scale);
  }
  return fc(global_average_pool(*x),
            {.size = options.class_dim,
             .activation = options.softmax_output ? "softmax" : "",
             .weight = {.name = "fc7_weights", .initializer = KaimingUniform{}},
             .bias = ParamAttr{.name = "fc7_offset"}});
}

}  // namespace intact::nn
