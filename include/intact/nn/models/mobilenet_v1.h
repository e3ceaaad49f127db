#pragma once

#include "intact/nn/model_options.h"

namespace intact {
class Var;
}

namespace intact::nn {

/// MobileNetV1 of Paddle's model zoo, with its parameter names (spec 1.2). image: [N,C,H,W]; C may
/// be 1. With class_dim 10 and one channel: 3,216,650 trainable parameters.
Var& mobilenet_v1(Var& image, const ModelOptions& options = {});

}  // namespace intact::nn
