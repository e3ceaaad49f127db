#pragma once

#include <string>

#include "intact/ir/program.h"
#include "intact/nn/model_options.h"
#include "intact/nn/size2d.h"

namespace intact::nn {

struct ConvBnOptions {
  std::string prefix;     // parameters are `<prefix>_weights`, `<bn_prefix>_scale`, ...
  std::string bn_prefix;  // empty: `<prefix>_bn`
  int filters = 0;
  int kernel = 3;
  int stride = 1;
  int groups = 1;
  std::string activation = "relu";  // empty: none
};

/// The zoo's conv2d without bias -> batch_norm -> activation. The padding keeps the size at
/// stride 1.
Var& conv_bn(Var& x, const ConvBnOptions& options);

/// int(filters * scale), at least 1.
int scaled(int filters, float scale);

/// Throws: InvalidArgument when options.scale is not 1: `model` has no scale.
void check_no_scale(const std::string& model, const ModelOptions& options);

}  // namespace intact::nn
