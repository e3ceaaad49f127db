#include "intact/nn/elementwise.h"

#include "intact/tensor/dtype.h"
#include "nn/layer.h"

namespace intact::nn {

Var& elementwise_add(Var& x, Var& y, int axis) {
  return Layer("elementwise_add").add_bias(x, y, axis);
}

Var& scale(Var& x, float scale, float bias) {
  return Layer("scale").append_unary("scale", x, {{"scale", scale}, {"bias", bias}});
}

Var& cast(Var& x, DType dtype) {
  return Layer("cast").append_unary(
      "cast", x, {{"in_dtype", paddle_code(x.dtype())}, {"out_dtype", paddle_code(dtype)}});
}

}  // namespace intact::nn
