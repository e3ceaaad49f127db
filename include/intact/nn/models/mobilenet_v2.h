#pragma once

#include "intact/nn/model_options.h"

namespace intact {
class Var;
}

namespace intact::nn {

/// MobileNetV2 of Paddle's model zoo, with its parameter names. image: [N,C,H,W]; C may be 1.
Var& mobilenet_v2(Var& image, const ModelOptions& options = {});

}  // namespace intact::nn
