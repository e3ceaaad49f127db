#include "intact/nn/models/resnet.h"

#include <array>
#include <cmath>

#include "base/check.h"
#include "intact/nn/activation.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/fc.h"
#include "intact/nn/pool2d.h"
#include "nn/models/zoo.h"

namespace intact::nn {
namespace {

constexpr int kStageFilters[] = {64, 128, 256, 512};

struct Unit {
  std::string name;  // "res2a"
  int filters = 0;
  int stride = 1;
};

/// The zoo names the batch norm of "res2a_branch1" "bn2a_branch1".
Var& branch(Var& x, const std::string& name, int filters, int kernel, int stride, bool has_relu) {
  return conv_bn(x,
                 {.prefix = name,
                  .bn_prefix = "bn" + name.substr(3),
                  .filters = filters,
                  .kernel = kernel,
                  .stride = stride,
                  .activation = has_relu ? "relu" : ""});
}

/// x itself, or a 1x1 convolution where the shape changes.
Var& shortcut(Var& x, const Unit& unit, int filters) {
  if (x.shape()[1] == filters && unit.stride == 1) {
    return x;
  }
  return branch(x, unit.name + "_branch1", filters, 1, unit.stride, false);
}

Var& basic(Var& x, const Unit& unit) {
  Var& a = branch(x, unit.name + "_branch2a", unit.filters, 3, unit.stride, true);
  Var& b = branch(a, unit.name + "_branch2b", unit.filters, 3, 1, false);
  return relu(elementwise_add(shortcut(x, unit, unit.filters), b));
}

Var& bottleneck(Var& x, const Unit& unit) {
  Var& a = branch(x, unit.name + "_branch2a", unit.filters, 1, 1, true);
  Var& b = branch(a, unit.name + "_branch2b", unit.filters, 3, unit.stride, true);
  Var& c = branch(b, unit.name + "_branch2c", unit.filters * 4, 1, 1, false);
  return relu(elementwise_add(shortcut(x, unit, unit.filters * 4), c));
}

Var& resnet(Var& image,
            const std::array<int, 4>& depths,
            Var& (*unit)(Var&, const Unit&),
            const ModelOptions& options) {
  Var& stem = conv_bn(
      image, {.prefix = "conv1", .bn_prefix = "bn_conv1", .filters = 64, .kernel = 7, .stride = 2});
  Var* x = &pool2d(stem, {.type = PoolType::Max, .kernel = 3, .stride = 2, .padding = 1});
  for (size_t stage = 0; stage < depths.size(); ++stage) {
    for (int i = 0; i < depths[stage]; ++i) {
      x = &unit(*x,
                {.name = fmt::format("res{}{}", stage + 2, static_cast<char>('a' + i)),
                 .filters = kStageFilters[stage],
                 .stride = i == 0 && stage > 0 ? 2 : 1});
    }
  }
  Var& pooled = global_average_pool(*x);
  const float limit = 1.0f / std::sqrt(static_cast<float>(pooled.shape()[1]));
  return fc(pooled,
            {.size = options.class_dim,
             .activation = options.softmax_output ? "softmax" : "",
             .weight = {.name = "fc_weights", .initializer = Uniform{-limit, limit}},
             .bias = ParamAttr{.name = "fc_offset"}});
}

}  // namespace

Var& resnet18(Var& image, const ModelOptions& options) {
  check_no_scale("resnet18", options);
  return resnet(image, {2, 2, 2, 2}, basic, options);
}

Var& resnet50(Var& image, const ModelOptions& options) {
  check_no_scale("resnet50", options);
  return resnet(image, {3, 4, 6, 3}, bottleneck, options);
}

}  // namespace intact::nn
