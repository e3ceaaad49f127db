#include "intact/nn/models/lenet.h"

#include "intact/nn/conv2d.h"
#include "intact/nn/fc.h"
#include "intact/nn/pool2d.h"
#include "nn/models/zoo.h"

namespace intact::nn {

Var& lenet(Var& image, const ModelOptions& options) {
  check_no_scale("lenet", options);
  Var& c1 =
      conv2d(image, {.filters = 6, .kernel = 5, .padding = 2, .activation = "relu", .name = "c1"});
  Var& c2 = conv2d(pool2d(c1, {.kernel = 2}),
                   {.filters = 16, .kernel = 5, .activation = "relu", .name = "c2"});
  Var& fc1 = fc(pool2d(c2, {.kernel = 2}), {.size = 120, .activation = "relu", .name = "fc1"});
  Var& fc2 = fc(fc1, {.size = 84, .activation = "relu", .name = "fc2"});
  return fc(fc2,
            {.size = options.class_dim,
             .activation = options.softmax_output ? "softmax" : "",
             .name = "fc3"});
}

}  // namespace intact::nn
