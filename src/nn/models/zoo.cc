#include "nn/models/zoo.h"

#include <algorithm>

#include "base/check.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/conv2d.h"

namespace intact::nn {

Var& conv_bn(Var& x, const ConvBnOptions& options) {
  const std::string bn = options.bn_prefix.empty() ? options.prefix + "_bn" : options.bn_prefix;
  Var& convolved =
      conv2d(x,
             {.filters = options.filters,
              .kernel = options.kernel,
              .stride = options.stride,
              .padding = (options.kernel - 1) / 2,
              .groups = options.groups,
              .weight = {.name = options.prefix + "_weights", .initializer = KaimingUniform{}},
              .bias = std::nullopt});
  return batch_norm(convolved,
                    {.activation = options.activation,
                     .scale = {.name = bn + "_scale"},
                     .offset = {.name = bn + "_offset"},
                     .mean_name = bn + "_mean",
                     .variance_name = bn + "_variance"});
}

int scaled(int filters, float scale) {
  return std::max(1, static_cast<int>(static_cast<float>(filters) * scale));
}

void check_no_scale(const std::string& model, const ModelOptions& options) {
  check(options.scale == 1.0f,
        "model '{}': scale is {} but this model has fixed channel counts; leave scale at 1",
        model,
        options.scale);
}

}  // namespace intact::nn
