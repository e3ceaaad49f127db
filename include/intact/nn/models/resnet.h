#pragma once

#include "intact/nn/model_options.h"

namespace intact {
class Var;
}

namespace intact::nn {

/// ResNet of Paddle's model zoo (7x7 stem, stride in the 3x3 convolution), with its parameter
/// names. image: [N,C,H,W]; works down to 28x28 and one channel. There is no `scale`.
Var& resnet18(Var& image, const ModelOptions& options = {});
Var& resnet50(Var& image, const ModelOptions& options = {});

}  // namespace intact::nn
