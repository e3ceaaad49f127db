#include "intact/nn/models/mobilenet_v2.h"

#include <algorithm>

#include "base/check.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/fc.h"
#include "intact/nn/pool2d.h"
#include "nn/models/zoo.h"

namespace intact::nn {
namespace {

/// `repeats` inverted residuals; the first has the stride and changes the channels.
struct Stage {
  int expansion;
  int filters;
  int repeats;
  int stride;
};

constexpr Stage kStages[] = {
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1},
};

/// 1x1 up, 3x3 depthwise, 1x1 down without activation, plus x when the shape stays.
Var& inverted_residual(Var& x, const std::string& name, int expansion, int filters, int stride) {
  const int channels = static_cast<int>(x.shape()[1]);
  const int expanded = channels * expansion;
  Var& up = conv_bn(
      x, {.prefix = name + "_expand", .filters = expanded, .kernel = 1, .activation = "relu6"});
  Var& depthwise = conv_bn(up,
                           {.prefix = name + "_dwise",
                            .filters = expanded,
                            .stride = stride,
                            .groups = expanded,
                            .activation = "relu6"});
  Var& down = conv_bn(
      depthwise, {.prefix = name + "_linear", .filters = filters, .kernel = 1, .activation = ""});
  const bool is_residual = stride == 1 && channels == filters;
  return is_residual ? elementwise_add(x, down) : down;
}

}  // namespace

Var& mobilenet_v2(Var& image, const ModelOptions& options) {
  Var* x = &conv_bn(image,
                    {.prefix = "conv1_1",
                     .filters = scaled(32, options.scale),
                     .stride = 2,
                     .activation = "relu6"});
  int number = 2;
  for (const Stage& stage : kStages) {
    for (int repeat = 0; repeat < stage.repeats; ++repeat) {
      x = &inverted_residual(*x,
                             fmt::format("conv{}_{}", number, repeat + 1),
                             stage.expansion,
                             scaled(stage.filters, options.scale),
                             repeat == 0 ? stage.stride : 1);
    }
    ++number;
  }
  x = &conv_bn(*x,
               {.prefix = "conv9",
                .filters = scaled(1280, std::max(1.0f, options.scale)),
                .kernel = 1,
                .activation = "relu6"});
  return fc(global_average_pool(*x),
            {.size = options.class_dim,
             .activation = options.softmax_output ? "softmax" : "",
             .weight = {.name = "fc10_weights", .initializer = KaimingUniform{}},
             .bias = ParamAttr{.name = "fc10_offset"}});
}

}  // namespace intact::nn
