#include "intact/nn/reduce.h"

#include "nn/layer.h"

namespace intact::nn {

Var& mean(Var& x) {
  return Layer("mean").append_unary("reduce_mean", x, {{"dim", Ints{}}, {"reduce_all", true}});
}

Var& reduce_sum(Var& x, Ints axes, bool keep_dims) {
  const bool is_all = axes.empty();
  return Layer("reduce_sum")
      .append_unary("reduce_sum",
                    x,
                    {{"dim", std::move(axes)}, {"keep_dim", keep_dims}, {"reduce_all", is_all}});
}

Var& reduce_mean(Var& x, Ints axes, bool keep_dims) {
  return Layer("reduce_mean")
      .append_unary("reduce_mean", x, {{"dim", std::move(axes)}, {"keep_dim", keep_dims}});
}

}  // namespace intact::nn
