#include "intact/nn/pool2d.h"

#include "nn/layer.h"

namespace intact::nn {

Var& pool2d(Var& x, const Pool2dOptions& options) {
  Layer layer("pool2d", options.name);
  const Size2d stride = options.adaptive ? Size2d(1) : options.stride.value_or(options.kernel);
  const std::string type = options.type == PoolType::Max ? "max" : "avg";
  return layer.append_unary("pool2d",
                            x,
                            {{"pooling_type", type},
                             {"ksize", options.kernel.ints()},
                             {"strides", stride.ints()},
                             {"paddings", options.padding.ints()},
                             {"ceil_mode", options.ceil_mode},
                             {"exclusive", options.exclusive},
                             {"adaptive", options.adaptive}});
}

Var& global_average_pool(Var& x) {
  return pool2d(x, {.type = PoolType::Average, .kernel = 1, .adaptive = true});
}

}  // namespace intact::nn
