#pragma once

#include "intact/nn/model_options.h"

namespace intact {
class Var;
}

namespace intact::nn {

/// LeNet-5 with relu and max pooling: conv5x5(6), conv5x5(16), fc 120, 84, class_dim.
/// image: [N,C,28,28]. There is no `scale`.
Var& lenet(Var& image, const ModelOptions& options = {});

}  // namespace intact::nn
